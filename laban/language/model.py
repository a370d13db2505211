"""Loading, adapting and merging causal language models; nothing here knows where their files came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from laban.data.artifact import write_json

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ENDS = ("embed_tokens", "lm_head")


def attention() -> str:
    """Which attention to compute: on a CPU the fused kernel is the slower one in bfloat16 (docs/log.md)."""
    return "sdpa" if torch.cuda.is_available() else "eager"


def load_tokenizer(folder: Path) -> Any:
    """The text tokenizer of a model folder; remote code is never run."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)


def load_model(folder: Path) -> Any:
    """A causal language model from safetensors; pickled weights are refused."""
    from transformers import AutoModelForCausalLM

    if not list(folder.glob("*.safetensors")):
        raise ValueError(f"{folder} holds no *.safetensors: convert the weights first (pickled weights are not read)")
    return AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=False, use_safetensors=True, attn_implementation=attention())


def save_model(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write weights, configuration and tokenizer, free of what differs from run to run."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for path in folder.glob("*.json"):
        canonical(path)


def canonical(path: Path) -> None:
    """Rewrite a configuration sorted and without the path that it was loaded from."""
    value = json.loads(path.read_text("utf-8"))
    if isinstance(value, dict):
        for name in ("_name_or_path", "name_or_path", "base_model_name_or_path"):
            if name in value:
                value[name] = ""
    write_json(path, value)


def add_lora(model: Any, *, rank: int, alpha: int, dropout: float) -> Any:
    """LoRA on the seven projections; embeddings and head are trained whole and saved with the adapter (VIM, stage 2).

    Tied ends stay tied. LoRA *on* tied ends is never used: merging it corrupts the logits without an error.
    """
    from peft import LoraConfig, TaskType, get_peft_model

    tied = bool(model.config.tie_word_embeddings)
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=list(PROJECTIONS),
        modules_to_save=["embed_tokens"] if tied else list(ENDS),
        ensure_weight_tying=tied,
    )
    return get_peft_model(model, config, autocast_adapter_dtype=False)


def save_adapter(model: Any, folder: Path) -> None:
    """Write an adapter; its configuration is a set in the library and is sorted here."""
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text("utf-8"))
    for name, value in config.items():
        if isinstance(value, list):
            config[name] = sorted(value, key=str)
    write_json(path, config)
    canonical(path)


def load_adapter(base: Path, adapter: Path) -> Any:
    """A base model with an adapter on top, in evaluation mode."""
    from peft import PeftModel

    return PeftModel.from_pretrained(load_model(base), adapter).eval()


@torch.no_grad()
def merge_checks(adapted: Any, merged: Any, base: Any, *, vocabulary: int, length: int, seed: int) -> dict[str, float]:
    """Numbers for the merge gate: merged logits against the adapter's, rows, bad tensors, targets that LoRA left unchanged."""
    known = min(vocabulary, merged.get_input_embeddings().weight.shape[0])
    ids = torch.randint(known, (2, length), generator=torch.Generator().manual_seed(seed))
    difference = (adapted(input_ids=ids).logits - merged(input_ids=ids).logits).abs().max()
    state, former = merged.state_dict(), base.state_dict()
    bad = [name for name, tensor in state.items() if tensor.numel() == 0 or not torch.isfinite(tensor.float()).all()]
    targets = [name for name in state if name.endswith(".weight") and name.split(".")[-2] in PROJECTIONS]
    unchanged = [name for name in targets if torch.equal(state[name], former[name])]
    rows = {weight.shape[0] for weight in (merged.get_input_embeddings().weight, merged.get_output_embeddings().weight)}
    return {
        "logit_difference": float(difference),
        "vocabulary_mismatch": max(abs(number - vocabulary) for number in rows),
        "bad_tensors": len(bad),
        "unchanged_targets": len(unchanged),
        "targets": len(targets),
    }
