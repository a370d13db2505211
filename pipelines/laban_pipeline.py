"""The workflow, as in the figure of README.md; `dvc.yaml` holds the same one, and tests/wiring says where they differ.

A parameter a step holds the step's composed settings as one JSON string: a Struct would turn integers into doubles, and one
parameter for all would let an edit of one stage's settings spoil the cache of the others.
"""

from collections.abc import Callable
from typing import Any

from kfp import dsl

import components

Place = Callable[[dsl.PipelineTask, str], None]
"""Puts a task, under the step's name, on its nodes."""


def laban_pipeline(place: Place) -> Any:
    """Return the pipeline with every task placed."""

    @dsl.pipeline(name="laban", description="Trains, gates and publishes a two-person motion-language model")
    def laban(  # noqa: PLR0913 - KFP reads parameters from the signature, one by one
        prepare: str,
        gate_clips: str,
        synthesize: str,
        gate_conversations: str,
        train_tokenizer: str,
        gate_tokenizer: str,
        train_evaluator: str,
        gate_evaluator: str,
        train_judge: str,
        gate_judge: str,
        base: str,
        encode: str,
        gate_codes: str,
        pretrain: str,
        merge: str,
        gate_merge: str,
        finetune: str,
        evaluate: str,
        gate_evaluation: str,
        publish: str,
        root: str,
        source: str,
    ) -> None:
        def step(component: Any, settings: Any, **inputs: Any) -> Any:
            """Run a component under the name of its settings; return the reference to what it made."""
            task = component(settings=settings, root=root, source=source, **inputs)
            place(task, settings.name)
            return task.outputs["result"]

        def gated(name: str, made: Any, settings: Any) -> dict[str, Any]:
            """What was made together with the verdict on it: the two options of every consumer that insists on a gate."""
            return {name: made, f"{name}_verdict": step(components.gate, settings, subject=made)}

        clips = gated("clips", step(components.prepare, prepare), gate_clips)
        conversations = gated("conversations", step(components.synthesize, synthesize, **clips), gate_conversations)
        tokenizer = gated("tokenizer", step(components.train_tokenizer, train_tokenizer, **clips), gate_tokenizer)
        evaluator = gated("evaluator", step(components.train_evaluator, train_evaluator, **clips), gate_evaluator)
        judge = gated("judge", step(components.train_evaluator, train_judge, **clips), gate_judge)
        language = step(components.base, base, **clips)

        codes = gated("codes", step(components.encode, encode, **clips, **conversations, **tokenizer), gate_codes)
        adapter = step(components.pretrain, pretrain, base=language, **codes)
        merged = gated("model", step(components.merge, merge, adapter=adapter), gate_merge)
        model = step(components.finetune, finetune, **merged, **codes, **conversations)

        judges = tokenizer | evaluator | judge | clips | conversations | codes
        evaluation = gated("evaluation", step(components.evaluate, evaluate, model=model, **judges), gate_evaluation)
        step(components.publish, publish, model=model, **tokenizer, **evaluation)

    return laban
