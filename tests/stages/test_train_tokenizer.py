"""How clips of one, two and three people become one batch."""

from __future__ import annotations

import numpy as np
import torch

from laban.motion import features as layout
from laban.stages.train_tokenizer import _collate


def test_a_batch_holds_every_person_framed_on_the_first_of_the_own_clip() -> None:
    rng = np.random.default_rng(0)
    motions = [rng.normal(size=(8, people, 22, 3)).astype(np.float32) for people in (2, 1, 3, 2)]
    batch = _collate(motions)
    assert batch["features"].shape == (8, 8, layout.WIDTH)
    assert torch.bincount(batch["clips"]).tolist() == [1, 2, 2, 3]
    alone = layout.to_features(layout.frame_on_first(motions[2]))
    np.testing.assert_allclose(batch["features"][5:].numpy(), alone.swapaxes(0, 1), atol=1e-6)
