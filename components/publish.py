"""The step `publish`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def publish(  # noqa: PLR0913 - KFP reads inputs from the signature, one by one
    settings: str,
    model: str,
    tokenizer: str,
    tokenizer_verdict: str,
    evaluation: str,
    evaluation_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Package and register the model; promotion is a command of people, not a step."""
    return stage(
        "publish",
        settings=settings,
        model=model,
        tokenizer=tokenizer,
        tokenizer_verdict=tokenizer_verdict,
        evaluation=evaluation,
        evaluation_verdict=evaluation_verdict,
        root=root,
        source=source,
        result=result,
    )
