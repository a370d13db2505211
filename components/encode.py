"""The step `encode`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def encode(  # noqa: PLR0913 - KFP reads inputs from the signature, one by one
    settings: str,
    clips: str,
    clips_verdict: str,
    conversations: str,
    conversations_verdict: str,
    tokenizer: str,
    tokenizer_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Write real and synthetic motion as codes."""
    return stage(
        "encode",
        settings=settings,
        clips=clips,
        clips_verdict=clips_verdict,
        conversations=conversations,
        conversations_verdict=conversations_verdict,
        tokenizer=tokenizer,
        tokenizer_verdict=tokenizer_verdict,
        root=root,
        source=source,
        result=result,
    )
