"""Readers of motion files: each makes `laban.data.clip.Clip`, the one record.

`FORMATS` holds every `Format` by the name that is typed. It is made when it is first asked for: a reader brings its libraries with it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from laban.formats.source import Format

    FORMATS: dict[str, Format]


@cache
def _formats() -> dict[str, Format]:
    from laban.formats import amc, humanml3d, inter_x, interhuman, kit, motion_x, pairs

    return {reader.FORMAT.name: reader.FORMAT for reader in (interhuman, inter_x, humanml3d, kit, motion_x, pairs, amc)}


def __getattr__(name: str) -> Any:
    if name == "FORMATS":
        return _formats()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
