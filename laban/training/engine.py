"""One engine for the tokenizer, the evaluator and the language model: the transformers Trainer, told what we need of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from transformers.trainer_pt_utils import LengthGroupedSampler

from laban.distributed import bf16_is_fast, seed_everything


class _Log(TrainerCallback):
    """Losses to the stage's log and into the history that the artifact keeps."""

    def __init__(self, log: Callable[..., None], name: str) -> None:
        self.log, self.name = log, name
        self.history: list[dict[str, float]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
        if logs and "loss" in logs:
            loss = float(logs["loss"])
            if loss != loss:
                raise ValueError(f"the loss of {self.name} is NaN at step {state.global_step}: lower its learning_rate")
            self.history.append({"step": int(state.global_step), "loss": loss})
            self.log(int(state.global_step), loss=loss)


class _Progress(ProgressCallback):
    """The library's bar with the loss in it, instead of a printed line for each log."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if self.training_bar is not None and logs and "loss" in logs:
            self.training_bar.set_postfix(loss=f"{float(logs['loss']):.3f}")


class _Engine(Trainer):
    """A Trainer over any module whose forward returns a dictionary with `loss`."""

    alike: list[int] | None = None

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        """Batches of items that are alike, where that is known."""
        if self.alike is None:
            return super()._get_train_sampler(train_dataset)
        generator = torch.Generator().manual_seed(self.args.seed)
        return LengthGroupedSampler(self.args.train_batch_size, lengths=self.alike, generator=generator)

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        outputs = model(**inputs)
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]


def fit(  # noqa: PLR0913 - the whole recipe of a training stands in the call
    model: torch.nn.Module,
    dataset: Dataset[Any],
    *,
    collate: Callable[[list[Any]], dict[str, torch.Tensor]],
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    scratch: Path,
    log: Callable[..., None],
    name: str,
    weight_decay: float = 0.0,
    warmup: float = 0.03,
    alike: list[int] | None = None,
) -> list[dict[str, float]]:
    """Train `model` in place for `steps` steps; return the loss history `[{"step", "loss"}]`.

    `alike`, a number an item, puts items of near numbers into one batch: lengths, since on a CPU padding costs as much as text, or
    whatever makes them hard to tell apart. bfloat16 autocast where the device has it.
    Equal seeds on equal machines give equal weights.
    Raises `ValueError` when the loss becomes NaN or the data set is empty.
    """
    if len(dataset) == 0:  # type: ignore[arg-type]
        raise ValueError(f"{name}: nothing to train on")
    seed_everything(seed)
    watcher = _Log(log, name)
    on_cpu = not torch.cuda.is_available()
    arguments = TrainingArguments(
        output_dir=str(scratch / name),
        max_steps=steps,
        per_device_train_batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        warmup_steps=max(1, int(warmup * steps)),
        lr_scheduler_type="cosine",
        adam_beta2=0.99,
        max_grad_norm=1.0,
        bf16=bf16_is_fast(),
        # Without it each CPU rank under DeepSpeed believes that it is alone (no error, the same data twice).
        use_cpu=on_cpu,
        seed=seed,
        data_seed=seed,
        logging_steps=max(1, steps // 50),
        save_strategy="no",
        report_to="none",
        remove_unused_columns=False,
        dataloader_pin_memory=not on_cpu,
        label_names=[],
        disable_tqdm=bool(os.environ.get("LABAN_QUIET")),
    )
    trainer = _Engine(model=model, args=arguments, train_dataset=dataset, data_collator=collate, callbacks=[watcher])
    trainer.alike = alike
    trainer.remove_callback(PrinterCallback)
    if not arguments.disable_tqdm:
        trainer.remove_callback(ProgressCallback)
        trainer.add_callback(_Progress)
    trainer.train()
    model.eval()
    return watcher.history
