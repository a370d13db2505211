"""The step `finetune`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def finetune(  # noqa: PLR0913 - KFP reads inputs from the signature, one by one
    settings: str,
    model: str,
    model_verdict: str,
    codes: str,
    codes_verdict: str,
    conversations: str,
    conversations_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Train the whole merged model on conversations and paired clips."""
    return stage(
        "finetune",
        settings=settings,
        model=model,
        model_verdict=model_verdict,
        codes=codes,
        codes_verdict=codes_verdict,
        conversations=conversations,
        conversations_verdict=conversations_verdict,
        root=root,
        source=source,
        result=result,
    )
