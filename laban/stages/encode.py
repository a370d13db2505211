"""Turn all motion, real and generated, into codes, once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import tqdm

from laban.data.artifact import write_json
from laban.data.clip import Clip, ClipStore
from laban.data.codes import EncodedClip, write_codebooks, write_codes
from laban.data.conversation import CLIPS
from laban.motion import features as layout
from laban.stages.contract import Gated, Work, stage
from laban.tokenizer.autoencoder import MotionTokenizer


@dataclass(frozen=True, kw_only=True)
class EncodeSettings:
    """How encoding is batched."""

    batch_size: int
    """clips of one length encoded at once"""


@stage(kind="codes")
def encode(settings: EncodeSettings, clips: Gated, conversations: Gated, tokenizer: Gated, work: Work) -> None:
    """Encode every clip once for each of its people, framed on that one's first frame and the others after; write codes and codebooks."""
    model = MotionTokenizer.load(tokenizer.path)
    stores = [ClipStore(clips.path), ClipStore(conversations / CLIPS)]
    total = sum(int(store.column("people").sum()) for store in stores)
    ordered = _ordered(itertools.chain.from_iterable(stores))
    batches = _batches(ordered, settings.batch_size)
    encoded = itertools.chain.from_iterable(_encode(model, batch) for batch in batches)
    rows = write_codes(work.output, tqdm(encoded, total=total, desc="encode", unit="clip"))
    write_codebooks(work.output, model.quantizer.codebooks.numpy())
    config = model.config
    tokens = config.fps / config.downsample * 2 * config.residual_depth
    write_json(work.output / "metrics.json", {"rows": rows, "tokens_a_second_of_two_people": tokens})


def _ordered(clips: Iterable[Clip]) -> Iterator[tuple[Clip, tuple[int, ...]]]:
    """Each clip with each of its people first and the others after in their order."""
    for clip in clips:
        for first in range(clip.people):
            yield clip, (first, *(person for person in range(clip.people) if person != first))


def _batches(items: Iterable[tuple[Clip, tuple[int, ...]]], size: int) -> Iterator[list[tuple[Clip, tuple[int, ...]]]]:
    """Neighbours of one shape, at most `size` together."""
    for _, group in itertools.groupby(items, key=lambda item: item[0].positions.shape):
        while batch := list(itertools.islice(group, size)):
            yield batch


def _encode(model: MotionTokenizer, batch: list[tuple[Clip, tuple[int, ...]]]) -> Iterator[EncodedClip]:
    positions = np.stack([clip.positions[:, list(order)] for clip, order in batch])
    with torch.no_grad():
        codes = model.encode(torch.from_numpy(layout.to_features(layout.frame_on_first(positions)))).numpy()
    for (clip, order), own in zip(batch, codes, strict=True):
        yield EncodedClip(
            id=clip.id,
            split=clip.split,
            source=clip.source,
            kind=clip.kind,
            order=order,
            fps=clip.fps,
            frames=clip.frames,
            downsample=model.config.downsample,
            codebook_size=model.config.codebook_size,
            captions=tuple(caption.text for caption in clip.captions),
            actor=None if clip.actor is None else order.index(clip.actor),
            codes=own,
        )


if __name__ == "__main__":
    encode.main()
