"""VIM's stage 3: every weight learns from multi-turn conversations and from paired clips."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from torch.utils.data import ConcatDataset

from laban.data.artifact import write_json
from laban.data.codes import read_codes
from laban.data.conversation import read_conversations
from laban.language.examples import Conversations, PairedClips, code_book
from laban.language.model import load_model, load_tokenizer, save_model
from laban.language.prompts import PromptFormat, collate
from laban.language.vocabulary import MOTION, MotionVocabulary
from laban.stages.contract import Gated, Work, stage
from laban.training.engine import fit


@dataclass(frozen=True, kw_only=True)
class FinetuneSettings:
    """How long full fine-tuning goes on."""

    seed: int
    conversation_copies: int
    """times that each conversation stands beside the paired clips"""
    steps: int
    batch_size: int
    learning_rate: float


@stage(kind="model")
def finetune(settings: FinetuneSettings, model: Gated, codes: Gated, conversations: Gated, work: Work) -> None:
    """Full fine-tuning of the merged model on the training conversations and paired clips."""
    folder = work.output / "model"
    tokenizer, network = load_tokenizer(model / "model"), load_model(model / "model")
    prompts = PromptFormat(tokenizer, MotionVocabulary.load(model / "model"))
    clips = list(read_codes(codes.path))
    spoken = [item for item in read_conversations(conversations.path) if item.split == "train"]
    paired = PairedClips([clip for clip in clips if clip.split == "train"], prompts, seed=settings.seed, copies=1)
    talks = Conversations(spoken, code_book(clips), prompts)
    history = fit(
        network,
        ConcatDataset([talks] * settings.conversation_copies + [paired]),
        collate=collate(tokenizer.pad_token_id),
        steps=settings.steps,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        scratch=work.scratch,
        log=work.log,
        name="finetune",
        alike=talks.lengths * settings.conversation_copies + paired.lengths,
    )
    save_model(network, tokenizer, folder)
    shutil.copyfile(model / "model" / MOTION, folder / MOTION)
    write_json(work.output / "loss.json", history)
    write_json(work.output / "metrics.json", {"conversations": len(talks), "paired": len(paired), "loss": history[-1]["loss"]})


if __name__ == "__main__":
    finetune.main()
