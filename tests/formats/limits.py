"""Bounds that hostile input must stay within."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAGES = Path("/proc/self/statm")


@contextmanager
def bounded(*, seconds: float, grow: int) -> Iterator[None]:
    """Fail where the block takes more processor seconds; have it see a `MemoryError` where it asks for more than `grow` bytes."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    if _PAGES.is_file():
        now = int(_PAGES.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + grow, before[1]))
    began = time.process_time()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    taken = time.process_time() - began
    assert taken < seconds, f"{taken:.1f} s"
