# The image of every step and of every pod of a TrainJob. From the repository's root, with Docker, Podman or Buildah:
#   docker build -f infra/images/training.Dockerfile -t laban:0.1.0 .
# NOT built on a GPU base, nor run on a GPU: see infra/README.md for what was.
#
# The wheels of torch bring CUDA along, so that a plain Python base serves where the node has a driver; a base that has CUDA
# serves too (BASE=…), if its python3 is 3.11 or newer.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
# g++ for DeepSpeed and for packages that come as source; it stays in this stage.
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ python3-dev python3-venv \
 && rm -rf /var/lib/apt/lists/*
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

# torch first and by itself: the lock leaves it out, since its wheel differs with the accelerator, and DeepSpeed imports it to build.
ARG TORCH=torch==2.13.0
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
RUN pip install setuptools wheel && pip install "${TORCH}"

# What stages need, in the lock's versions. Not the package itself: its code lies beside the lock in /app, where stages hash both.
ARG EXTRAS="data train deepspeed"
COPY pyproject.toml requirements.lock /build/
RUN cd /build \
 && python -c "import sys, tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
print(*p['dependencies'], *(d for e in sys.argv[1:] for d in p['optional-dependencies'][e] if not d.startswith('torch==')), sep='\n')" \
    ${EXTRAS} > requirements.txt \
 && DS_BUILD_OPS=0 pip install --no-build-isolation -c requirements.lock -r requirements.txt \
 && pip check

FROM ${BASE}
RUN groupadd --gid 1000 laban \
 && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /scratch --shell /usr/sbin/nologin laban \
 && install -d -o 1000 -g 1000 /scratch
COPY --from=build /opt/venv /opt/venv
COPY pyproject.toml requirements.lock params.yaml /app/
COPY profiles /app/profiles
COPY laban /app/laban
# The root file system may be read-only: all that is written lies below /scratch (an emptyDir in a pod) or /tmp.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOME=/scratch LABAN_WORK=/scratch/work XDG_CACHE_HOME=/scratch/cache HF_HOME=/scratch/cache/huggingface \
    MPLCONFIGDIR=/scratch/cache/matplotlib TRITON_CACHE_DIR=/scratch/cache/triton TORCHINDUCTOR_CACHE_DIR=/scratch/cache/inductor \
    HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true DVC_NO_ANALYTICS=1 \
    TOKENIZERS_PARALLELISM=false NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /app
# A number, since runAsNonRoot cannot look up a name.
USER 1000:1000
CMD ["python", "-c", "import sys; sys.exit('name a stage: python -m laban.stages.<name> --help')"]
