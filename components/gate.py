"""The step `gate`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def gate(
    settings: str,
    subject: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Judge an artifact; the verdict holds the content hash that was judged. A refusal fails the step."""
    return stage(
        "gate",
        settings=settings,
        subject=subject,
        root=root,
        source=source,
        result=result,
    )
