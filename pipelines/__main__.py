"""`python -m pipelines compile | submit`: the workflow for Kubeflow Pipelines."""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from kfp import compiler

from components.contract import IMAGE
from pipelines.cluster import place, read_values
from pipelines.laban_pipeline import laban_pipeline


def compose(profile: str) -> dict[str, Any]:
    """Have `laban.params`, the only composer, write a profile's settings, and read them; exits as it does."""
    done = subprocess.run([sys.executable, "-m", "laban.params", profile], check=False, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr.strip())
    return yaml.safe_load(Path(f"work/params.{profile.replace(',', '-')}.yaml").read_text("utf-8"))


def settings_of(step: str, composed: Mapping[str, Any]) -> str:
    """Return the section of a step, as one line of JSON: `gate_clips` is judged by `gate.clips`, others by their own name."""
    section = composed["gate"].get(step.removeprefix("gate_")) if step.startswith("gate_") else composed.get(step)
    if section is None:
        raise ValueError(f"the composed settings have no section for step {step!r}")
    return json.dumps(section, sort_keys=True, separators=(",", ":"))


def source_of(image: str) -> str:
    """Return what identifies the code: the digest in the image's name, else the commit of a clean checkout, else nothing."""
    if "@sha256:" in image:
        return image
    return "" if _git("status", "--porcelain", "--untracked-files=no") else _git("rev-parse", "--verify", "--quiet", "HEAD")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False).stdout.strip()


def steps_of(pipeline: Any) -> list[str]:
    """Names of the steps: the parameters that hold settings."""
    return [name for name in pipeline.component_spec.inputs if name not in ("root", "source")]


def write(pipeline: Any, output: Path, parameters: Mapping[str, str] | None = None) -> None:
    """Write a pipeline as KFP's IR, with `parameters` as defaults."""
    output.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(pipeline, str(output), pipeline_parameters=dict(parameters or {}))


def compile_profile(options: argparse.Namespace) -> dict[str, str]:
    """Compile with a profile's settings as defaults; what is not known stays a parameter that the run must be given."""
    values = read_values(options.values)
    image = options.image or values["image"] or IMAGE
    pipeline = laban_pipeline(partial(place, image=image, values=values))
    composed = compose(options.profile)
    run = {"root": options.root or values["store"]["root"], "source": options.source or source_of(image)}
    known = {name: value for name, value in run.items() if value}
    write(pipeline, options.output, {step: settings_of(step, composed) for step in steps_of(pipeline)} | known)
    left = [f"{name} is left to the run" for name in run if name not in known]
    print(", ".join([f"{options.output}: profile {options.profile}", f"image {image}", *left]))
    return known | {"image": image, "service_account": values["serviceAccount"]["name"]}


def submit(options: argparse.Namespace) -> None:
    """Compile, then start a run and print its id; image, root and source must be known."""
    import kfp

    known = compile_profile(options)
    if known["image"] == IMAGE or not {"root", "source"} <= set(known):
        raise ValueError(
            "a run needs an image, a root and what identifies the code: give --image …@sha256:… and --root, or name them in a values "
            "file; an image without digest also needs a clean checkout or --source, or Kubeflow's cache takes old results for new code"
        )
    token = options.token_file.read_text("utf-8").strip() if options.token_file else None
    client = kfp.Client(host=options.host, namespace=options.namespace, existing_token=token)
    # enable_caching stays None: any other value would override "never" on gates, evaluation and publication.
    run = client.create_run_from_pipeline_package(
        str(options.output),
        experiment_name=f"laban-{options.profile.replace(',', '-')}",
        namespace=options.namespace,
        service_account=known["service_account"],
        enable_caching=None,
    )
    print(run.run_id)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; abbreviations are errors."""
    parser = argparse.ArgumentParser(prog="python -m pipelines", description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, run in (("compile", compile_profile), ("submit", submit)):
        command = verbs.add_parser(verb, description=run.__doc__, allow_abbrev=False)
        command.set_defaults(run=run)
        command.add_argument("--profile", default="default", help="profiles, left to right: cmu,smoke")
        command.add_argument("--output", type=Path, default=Path("work/pipeline.yaml"))
        command.add_argument("--values", type=Path, action="append", help="a site's values file, as for `helm -f`; may be repeated")
        command.add_argument("--image", help="…@sha256:…; else `image` of the values")
        command.add_argument("--root", help="URI under which artifacts name themselves; else `store.root` of the values")
        command.add_argument("--source", help="what identifies the code; else the image's digest, else the commit of a clean checkout")
    command.add_argument("--host", help="Kubeflow Pipelines API; else KF_PIPELINES_ENDPOINT or in-cluster")
    command.add_argument("--namespace", default="kubeflow")
    command.add_argument("--token-file", type=Path, help="file with a bearer token; never a token on the command line")
    return parser.parse_args(arguments)


def main() -> None:
    """Run one verb; exit 2 with one line on a user's mistake."""
    options = parse()
    try:
        options.run(options)
    except (ValueError, FileNotFoundError) as error:
        print(f"pipelines {options.verb}: {error}", file=sys.stderr)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
