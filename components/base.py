"""The step `base`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def base(
    settings: str,
    clips: str,
    clips_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Verify a local language model, or make the tiny one."""
    return stage(
        "base",
        settings=settings,
        clips=clips,
        clips_verdict=clips_verdict,
        root=root,
        source=source,
        result=result,
    )
