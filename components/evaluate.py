"""The step `evaluate`."""

from kfp import dsl

from components.contract import Result, stage


@dsl.container_component
def evaluate(  # noqa: PLR0913 - KFP reads inputs from the signature, one by one
    settings: str,
    model: str,
    tokenizer: str,
    tokenizer_verdict: str,
    evaluator: str,
    evaluator_verdict: str,
    judge: str,
    judge_verdict: str,
    clips: str,
    clips_verdict: str,
    conversations: str,
    conversations_verdict: str,
    codes: str,
    codes_verdict: str,
    root: str,
    source: str,
    result: Result,
) -> dsl.ContainerSpec:
    """Measure the model on held-out clips."""
    return stage(
        "evaluate",
        settings=settings,
        model=model,
        tokenizer=tokenizer,
        tokenizer_verdict=tokenizer_verdict,
        evaluator=evaluator,
        evaluator_verdict=evaluator_verdict,
        judge=judge,
        judge_verdict=judge_verdict,
        clips=clips,
        clips_verdict=clips_verdict,
        conversations=conversations,
        conversations_verdict=conversations_verdict,
        codes=codes,
        codes_verdict=codes_verdict,
        root=root,
        source=source,
        result=result,
    )
