# make setup | run | test | check | test-slow | pipeline | ui | clean      (README.md tells the story)
PROFILE ?= default
DATA ?=
SET ?=
EXTRAS ?= data,train,serve
TORCH_INDEX ?=
VENV ?= .venv
PYTHON ?= python3.11
BIN := $(VENV)/bin
comma := ,
STAMP := $(VENV)/.laban-$(subst $(comma),-,$(EXTRAS))
TESTING := $(VENV)/.laban-pipelines-dev
export PATH := $(CURDIR)/$(BIN):$(PATH)
TIMED = bash -c 'start=$$SECONDS; "$$@"; status=$$?; echo "$(1): $$((SECONDS - start)) s of a budget of $(2) s"; exit $$status' --

.PHONY: setup run test check test-slow pipeline params lock format ui clean
.DEFAULT_GOAL := run

setup: $(STAMP)

# A virtual environment, torch first (deepspeed is built against it), then the rest within the lock's versions.
$(STAMP): pyproject.toml requirements.lock
	@if command -v uv >/dev/null; then uv venv -q --seed --allow-existing --python 3.11 $(VENV); \
	else command -v $(PYTHON) >/dev/null || { echo "set-up needs $(PYTHON) (or uv, which fetches it): https://docs.astral.sh/uv"; exit 2; }; \
	$(PYTHON) -m venv $(VENV); fi
	$(BIN)/python -m pip install -q --upgrade pip setuptools wheel
	$(BIN)/python -m pip install -q $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch==$$(sed -n 's/.*"torch==\([^"]*\)".*/\1/p' pyproject.toml | head -1)
	$(BIN)/python -m pip install -q --no-build-isolation -c requirements.lock -e ".[$(EXTRAS)]"
	@touch $@

$(TESTING): $(STAMP)
	$(BIN)/python -m pip install -q --no-build-isolation -c requirements.lock -e ".[$(EXTRAS),pipelines,dev]"
	@touch $@

# The whole workflow. PROFILE=cmu DATA=<folder of captured pairs>, PROFILE=smoke, SET="prepare.seed=8 pretrain.steps=100" …
run: setup
	@laban run $(PROFILE) $(if $(DATA),--data "$(DATA)") $(foreach item,$(SET),--set $(item))

params: setup
	@python -m laban.params $(PROFILE) $(if $(DATA),prepare.capture=$(DATA)) $(SET)

check: $(TESTING)
	@$(call TIMED,make check,60) $(MAKE) --no-print-directory _check
_check:
	ruff format --check -q .
	ruff check -q .
	mypy
	lint-imports
	pytest -m fast -x -n 2 tests/motion tests/formats tests/data tests/metrics tests/wiring

test: check
	@$(call TIMED,make test,600) pytest -m "not slow" -n 2 --dist loadfile

test-slow: $(TESTING)
	@$(call TIMED,make test-slow,2700) pytest -m slow

pipeline: $(TESTING) params
	@python -m pipelines compile --profile $(PROFILE)

format: $(TESTING)
	ruff format -q . && ruff check -q --fix .

# Versions of everything but torch and its CUDA family, which set-up installs first and by itself.
lock:
	uv pip compile -q --universal --python-version 3.11 --all-extras --no-emit-package torch --no-emit-package triton \
	  --no-header --no-annotate pyproject.toml | grep -vE '^(nvidia-|cuda-)' > requirements.lock

ui: setup
	mlflow server --backend-store-uri sqlite:///mlflow/mlflow.db --artifacts-destination mlflow/artifacts --port 5000

clean:
	rm -rf work
