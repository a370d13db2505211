"""The step `train_evaluator`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def train_evaluator(
    settings: str,
    clips: str,
    clips_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Train a text-motion network that judges: the evaluator, or the held-out judge."""
    return stage(
        "train_evaluator",
        settings=settings,
        clips=clips,
        clips_verdict=clips_verdict,
        root=root,
        source=source,
        result=result,
    )
