"""The step `pretrain`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def pretrain(
    settings: str,
    base: str,
    codes: str,
    codes_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Train a LoRA adapter on paired text and motion."""
    return stage(
        "pretrain",
        settings=settings,
        base=base,
        codes=codes,
        codes_verdict=codes_verdict,
        root=root,
        source=source,
        result=result,
    )
