"""The step `train_tokenizer`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def train_tokenizer(
    settings: str,
    clips: str,
    clips_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Train the motion tokenizer."""
    return stage(
        "train_tokenizer",
        settings=settings,
        clips=clips,
        clips_verdict=clips_verdict,
        root=root,
        source=source,
        result=result,
    )
