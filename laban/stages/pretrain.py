"""VIM's stage 2: motion joins the vocabulary and is learned by LoRA, with embeddings and head, on paired clips."""

from __future__ import annotations

from dataclasses import dataclass

from laban.data.artifact import Artifact, write_json
from laban.data.codes import read_codebooks, read_codes
from laban.distributed import seed_everything
from laban.language.examples import PairedClips
from laban.language.model import add_lora, load_model, load_tokenizer, save_adapter, save_model
from laban.language.prompts import PromptFormat, collate
from laban.language.vocabulary import MotionVocabulary, extend
from laban.stages.contract import Gated, Work, stage
from laban.training.engine import fit


@dataclass(frozen=True, kw_only=True)
class PretrainSettings:
    """LoRA and how long it trains. (VIM publishes none of these; rank and alpha are IRG-MotionLLM's.)"""

    seed: int
    rank: int
    alpha: int
    dropout: float
    steps: int
    batch_size: int
    learning_rate: float


@stage(kind="adapter")
def pretrain(settings: PretrainSettings, base: Artifact, codes: Gated, work: Work) -> None:
    """Extend the vocabulary by motion, train LoRA + embeddings + head; write the adapter and the base that it fits."""
    clips = [clip for clip in read_codes(codes.path) if clip.split == "train"]
    if not clips:
        raise ValueError(f"{codes.path} holds no clip in split train")
    vocabulary = MotionVocabulary(residual_depth=clips[0].codes.shape[2], codebook_size=clips[0].codebook_size)
    tokenizer, model = load_tokenizer(base / "model"), load_model(base / "model")
    extend(model, tokenizer, vocabulary, codebooks=read_codebooks(codes.path), seed=settings.seed)
    # An adapter fits only the base that was resized for it; plain LoRA would load on another one without an error.
    save_model(model, tokenizer, work.output / "base")
    vocabulary.save(work.output / "base")
    seed_everything(settings.seed)
    adapted = add_lora(model, rank=settings.rank, alpha=settings.alpha, dropout=settings.dropout)
    trainable, total = adapted.get_nb_trainable_parameters()
    examples = PairedClips(clips, PromptFormat(tokenizer, vocabulary), seed=settings.seed)
    history = fit(
        adapted,
        examples,
        collate=collate(tokenizer.pad_token_id),
        steps=settings.steps,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
        scratch=work.scratch,
        log=work.log,
        name="pretrain",
        alike=examples.lengths,
    )
    save_adapter(adapted, work.output / "adapter")
    write_json(work.output / "loss.json", history)
    write_json(work.output / "metrics.json", {"trainable": trainable, "parameters": total, "loss": history[-1]["loss"]})


if __name__ == "__main__":
    pretrain.main()
