"""The step `prepare`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def prepare(
    settings: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Make two-person clips from code, or import capture."""
    return stage(
        "prepare",
        settings=settings,
        root=root,
        source=source,
        result=result,
    )
