"""How clips of one, two and three people become one batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from laban.data.clip import Clip, ClipStore, write_clips
from laban.motion import features as layout
from laban.stages.train_tokenizer import _collate, _Windows


def test_a_batch_holds_every_person_framed_on_the_first_of_the_own_clip() -> None:
    rng = np.random.default_rng(0)
    motions = [rng.normal(size=(8, people, 22, 3)).astype(np.float32) for people in (2, 1, 3, 2)]
    batch = _collate(motions)
    assert batch["features"].shape == (8, 8, layout.WIDTH)
    assert torch.bincount(batch["clips"]).tolist() == [1, 2, 2, 3]
    alone = layout.to_features(layout.frame_on_first(motions[2]))
    np.testing.assert_allclose(batch["features"][5:].numpy(), alone.swapaxes(0, 1), atol=1e-6)


def store_of(folder: Path, *lengths: int) -> ClipStore:
    """Training clips whose frames are numbered, and a shorter one that is held out."""
    return write_clips(
        folder,
        [
            Clip(
                id=str(number),
                positions=np.broadcast_to(np.arange(frames, dtype=np.float32)[:, None, None, None], (frames, 2, 22, 3)) + [[[0]], [[1000]]],
                captions=(),
                split="train" if number < len(lengths) else "val",
                source="s",
                licence="l",
            )
            for number, frames in enumerate((*lengths, 4))
        ],
    )


def test_windows_of_equal_clips_are_the_clips_in_both_orders(tmp_path: Path) -> None:
    store, state = store_of(tmp_path, 24, 24), torch.get_rng_state()
    windows = _Windows(store, 8)
    assert len(windows) == 4
    for number in range(4):
        whole = store.at(number // 2).positions
        np.testing.assert_array_equal(windows[number], whole if number % 2 == 0 else whole[:, ::-1])
    assert torch.equal(torch.get_rng_state(), state), "nothing is drawn where there is nothing to choose"


def test_windows_of_longer_clips_begin_anywhere(tmp_path: Path) -> None:
    windows = _Windows(store_of(tmp_path, 19, 40), 8)
    torch.manual_seed(0)
    drawn = [windows[2] for _ in range(300)]
    assert {len(window) for window in drawn} == {16}
    assert {int(window[0, 0, 0, 0]) for window in drawn} == set(range(25))
    assert all((np.diff(window[:, 0, 0, 0]) == 1).all() for window in drawn)


def test_clips_of_less_than_a_step_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shortest training clip has 6 frames, fewer than one step of 8"):
        _Windows(store_of(tmp_path / "a", 6, 40), 8)
    with pytest.raises(ValueError, match="holds no clip in split train"):
        _Windows(store_of(tmp_path / "b"), 8)
