"""The device and the precision that a process trains in. The only importer of `torch.distributed` once ranks are needed."""

from __future__ import annotations

from functools import cache


@cache
def bf16_is_fast() -> bool:
    """Whether this device computes bfloat16 natively; emulation is slower than float32."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(getattr(torch.backends.cpu, "get_cpu_capability", lambda: "")() in ("AVX512", "AMX")) and _cpu_flag("avx512_bf16")


def _cpu_flag(name: str) -> bool:
    from pathlib import Path

    info = Path("/proc/cpuinfo")
    return info.is_file() and name in info.read_text().split()


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    from transformers import set_seed

    set_seed(seed)
