"""Fold the adapter into the weights, and measure that it went well: the merge gate judges these numbers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from laban.data.artifact import Artifact, write_json
from laban.language.model import load_adapter, load_model, load_tokenizer, merge_checks, save_model
from laban.language.vocabulary import MOTION
from laban.stages.contract import Work, stage


@dataclass(frozen=True, kw_only=True)
class MergeSettings:
    """How the merge is checked."""

    check_tokens: int
    """length of the sequences on which merged and adapter logits are compared"""


@stage(kind="merged")
def merge(settings: MergeSettings, adapter: Artifact, work: Work) -> None:
    """Merge LoRA into the base, save it, read it back and compare with base and adapter."""
    folder = work.output / "model"
    tokenizer = load_tokenizer(adapter / "base")
    save_model(load_adapter(adapter / "base", adapter / "adapter").merge_and_unload(), tokenizer, folder)
    shutil.copyfile(adapter / "base" / MOTION, folder / MOTION)
    checks = merge_checks(
        load_adapter(adapter / "base", adapter / "adapter"),
        load_model(folder).eval(),
        load_model(adapter / "base"),
        vocabulary=len(tokenizer),
        length=settings.check_tokens,
        seed=0,
    )
    write_json(work.output / "metrics.json", checks)


if __name__ == "__main__":
    merge.main()
