"""The step `synthesize`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def synthesize(
    settings: str,
    clips: str,
    clips_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Make conversations, and the motion that they need, from gated clips."""
    return stage(
        "synthesize",
        settings=settings,
        clips=clips,
        clips_verdict=clips_verdict,
        root=root,
        source=source,
        result=result,
    )
