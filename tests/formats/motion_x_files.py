"""Motion-X's files as its README describes them: `../shared/field` §5.6."""

from pathlib import Path

import numpy as np
from smplx_files import Person, write_text

CAPTION = "a person walks in a circle"


def columns_of(who: Person, seed: int = 0) -> np.ndarray:
    """(T, 322) float32: root 3, body 63, hands 90, jaw 3, expression 50, face shape 100, translation 3, shape 10."""
    frames = len(who.trans)
    other = np.random.default_rng(seed).normal(0, 1, (frames, 243))
    return np.concatenate([who.root_orient, who.pose_body, other, who.trans, np.repeat(who.betas, frames, 0)], axis=1).astype(np.float32)


def write_motion(root: Path, name: str, columns: np.ndarray, *captions: str) -> Path:
    path = root / "motion_data" / "smplx_322" / f"{name}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, columns)
    write_text(root / "texts" / "semantic_labels" / f"{name}.txt", *(captions or (CAPTION,)))
    return path
