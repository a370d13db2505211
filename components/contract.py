"""What every component is: the command of one stage, on inputs that are named by URI and content hash.

An input is the JSON `{"uri": …, "hash": …}` that the stage before wrote to `--result`. It is a string parameter and not an
artifact of Kubeflow, so that nothing large is copied at each step and Kubeflow's cache key holds the content, not a name.
"""

from typing import TYPE_CHECKING

from kfp import dsl

if TYPE_CHECKING:
    Result = str
else:
    Result = dsl.OutputPath(str)
    """File in which a stage leaves the JSON `{"uri": …, "hash": …}` of what it made."""

IMAGE = "laban"
"""A component must name an image when it is defined; the pipeline sets the real one on each task."""


def stage(name: str, *, settings: str, root: str, source: str, result: str, **inputs: str) -> dsl.ContainerSpec:
    """Return the command `python -m laban.stages.<name>`, the same that DVC runs, with `--result` and `--source` on top."""
    options = {"settings": settings, **inputs, "output": root, "result": result, "source": source}
    arguments = [word for option, value in options.items() for word in (f"--{option}", value)]
    return dsl.ContainerSpec(image=IMAGE, command=["python", "-m", f"laban.stages.{name}"], args=arguments)
