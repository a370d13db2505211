"""Faults of ids, licences and splits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import clean_data as clean
import numpy as np
from fault import ClipData, Fault, Severity
from motion_faults import Apply, exchange_sides, fields, index_value

Copy = Callable[[np.ndarray, Any], np.ndarray]


def copied(change: Copy, gross: Any = None, clear: Any = None, weakest: Any = None) -> Apply:
    """The motion of training clips under ids of other splits: of all of them, of two, or of one, or changed by less and less."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        others = [number for number, c in enumerate(data.clips) if c.split != "train"]
        by_amount = gross is not None
        count = 1 if by_amount else severity.of(len(others), 2, 1)
        for source, number in enumerate(others[:count]):
            positions = data.clips[source].positions.astype(np.float64)
            data.move(number, change(positions, severity.of(gross, clear, weakest)))

    return apply


def turned(p: np.ndarray, degrees: Any) -> np.ndarray:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.stack([cos * p[..., 0] + sin * p[..., 2] + 3, p[..., 1], -sin * p[..., 0] + cos * p[..., 2] - 2], -1)


def mirrored(p: np.ndarray, _: Any) -> np.ndarray:
    p = p * [-1, 1, 1]
    exchange_sides(p)
    return p


def later(p: np.ndarray, frames: Any) -> np.ndarray:
    """The same motion, cut some frames later, as windows of one recording are."""
    return np.concatenate([p[frames:], p[-1:] + (p[-1:] - p[-2:-1]) * np.arange(1, frames + 1)[:, None, None, None] * 0.2])


def noisy(p: np.ndarray, metres: Any) -> np.ndarray:
    return p + np.random.default_rng(3).normal(0, metres, p.shape)


def torn_group(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """One trial in two splits: all clips are of it, some, or two."""
    for number in severity.of(range(len(data.clips)), (0, 1, 4, 5), (0, 5)):
        data.change(number, group="trial")


def same_id(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    count = severity.of(len(data.clips), 4, 2)
    data.index.append(lambda table: table.assign(id=["c000" if number < count else own for number, own in enumerate(table["id"])]))


def twice_in_train(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    train = [number for number, c in enumerate(data.clips) if c.split == "train"]
    for number in train[1 : 1 + severity.of(len(train), 3, 1)]:
        data.change(number, **{name: getattr(data.clips[0], name) for name in ("positions", "root", "offsets", "rotations")})


def without_split(name: str, into: str) -> Apply:
    """A split is empty, since its clips are all in another."""

    def apply(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
        data.clips = [c if c.split != name else clean.clip(number, split=into) for number, c in enumerate(data.clips)]

    return apply


def skewed(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """Test and train are exchanged, or test has too much: a share of train of 1/12, 1/3 or 5/12."""
    train = severity.of(1, 4, 5)
    splits = ["train"] * train + ["val"] + ["test"] * (len(data.clips) - train - 1)
    data.clips = [clean.clip(number, split=split) for number, split in enumerate(splits)]


def fewer(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    count = severity.of(1, 5, 9)
    data.index.append(lambda table: table.iloc[:count])


def no_rows(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    data.index.append(lambda table: table.iloc[:0])


def without_column(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    names = severity.of(["split", "group", "captions", "sha256"], ["split", "group"], ["group"])
    data.index.append(lambda table: table.drop(columns=names))


def lost(name: str) -> Apply:
    return lambda data, severity, rng: data.folder.append(lambda folder: (folder / name).unlink())


def scrambled(data: ClipData, severity: Severity, rng: np.random.Generator) -> None:
    """The index is cut: nothing is left, a half, or all but its last bytes."""

    def damage(folder: Any) -> None:
        content = (folder / "index.parquet").read_bytes()
        (folder / "index.parquet").write_bytes(content[: severity.of(3, len(content) // 2, len(content) - 4)])

    data.folder.append(damage)


def S(name: str, source: str, column: str, apply: Apply, says: str = "expected") -> Fault:
    return Fault(name, "splits", source, column, says, apply)


SPLIT_FAULTS = (
    S("zero rows", "§5.1", "", no_rows, "zero rows"),
    S("no index where the folder says", "§5.1", "", lost("index.parquet"), "index.parquet is absent"),
    S("index cut off", "§7.8", "", scrambled, "."),
    S("index lacks a column", "ours", "", without_column, "lacks the columns"),
    S("shard lost", "§7.8", "error", lost("clips-00000.arrow"), "cannot be read"),
    S("fewer clips than asked", "§7.9", "rows", fewer),
    S("one id twice", "§5.3", "id", same_id, "unlike all others"),
    S("an id that leaves its folder", "ours", "unsafe_id", fields(lambda c: {"id": f"../{c.id}"}), r"\.\./"),
    S("a group that leaves its folder", "§7.8", "unsafe_id", fields(lambda c: {"group": f"/mnt/data1/{c.id}"}), "/mnt"),
    S("a null split", "ours", "split", index_value("split", lambda _: None), "null"),
    S("a misspelt split", "ours", "split", fields(lambda c: {"split": "Train"})),
    S("a split of another tool", "§5.3", "split", fields(lambda c: {"split": "train_val"})),
    S("no source", "ours", "blank_source", fields(lambda c: {"source": " "})),
    S("no licence", "§7.6", "blank_licence", fields(lambda c: {"licence": ""})),
    S("a licence that nobody knows", "§7.6", "unknown_licence_share", fields(lambda c: {"licence": "unknown"})),
    S("not for commerce", "§5.1", "restricted_share", fields(lambda c: {"licence": "CC BY-NC-SA 4.0"})),
    S("for research only", "§5.2", "restricted_share", fields(lambda c: {"licence": "research only"})),
    S("the same motion in two splits", "ours", "same_motion_in", copied(lambda p, _: p)),
    S("a leak, moved and turned", "ours", "same_motion_in", copied(turned, 5, 90, 179)),
    S("a leak, mirrored", "§5.3", "same_motion_in", copied(mirrored)),
    S("a leak, people exchanged", "§5.1", "same_motion_in", copied(lambda p, _: p[:, ::-1])),
    S("a leak, cut later", "§5.3", "same_motion_in", copied(later, 1, 5, 15)),
    S("a leak, with noise", "ours", "same_motion_in", copied(noisy, 0.0001, 0.002, 0.004)),
    S("one trial torn by the split", "§5.2", "splits_of_group", torn_group),
    S("the same motion twice in a split", "§7.3", "duplicate_share", twice_in_train),
    S("no test split", "§5.1", "test_rows", without_split("test", "train")),
    S("no validation split", "§5.1", "val_rows", without_split("val", "train")),
    S("no training split", "§5.1", "train_rows", without_split("train", "test")),
    S("splits exchanged", "ours", "train_share", skewed),
)
