"""The motion tokenizer: a causal encoder of one person, a residual quantiser, a decoder that sees all people.

Letters: `B` batch, `T` frames, `S` = T / downsample steps, `P` people, `F` = 136 features, `C` code channels, `D` residual depth.
VIM (arXiv 2410.05628) gives the idea (RQ-VAE over time, two people) but no sizes: all sizes here are ours.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from laban.motion import features as layout
from laban.tokenizer.quantizer import ResidualQuantizer

WEIGHTS, CONFIG = "model.safetensors", "config.json"


@dataclass(frozen=True, kw_only=True)
class TokenizerConfig:
    """Sizes that rebuild a tokenizer."""

    downsample: int
    residual_depth: int
    codebook_size: int
    code_dim: int
    width: int
    quantize_dropout: float = 0.0
    fps: float = 30.0

    def __post_init__(self) -> None:
        if self.downsample < 2 or self.downsample & (self.downsample - 1):
            raise ValueError(f"downsample must be a power of two, not {self.downsample}")


class _Causal(nn.Module):
    """Convolution whose output `i` sees inputs up to the end of its own stride and nothing later."""

    def __init__(self, inward: int, outward: int, kernel: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.padding = (kernel - 1) * dilation + 1 - stride
        self.convolution = nn.Conv1d(inward, outward, kernel, stride=stride, dilation=dilation)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.convolution(functional.pad(x, (self.padding, 0)))


class _Residual(nn.Module):
    """Two convolutions beside the identity; causal in the encoder, centred in the decoder."""

    def __init__(self, width: int, dilation: int, *, causal: bool) -> None:
        super().__init__()
        first = _Causal(width, width, 3, dilation=dilation) if causal else nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.layers = nn.Sequential(nn.SiLU(), first, nn.SiLU(), nn.Conv1d(width, width, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


def _encoder(config: TokenizerConfig) -> nn.Sequential:
    """Half of the downsampling at once (a patch of frames), the other half behind residual blocks: full-rate layers cost most."""
    patch, width = config.downsample // 2, config.width
    return nn.Sequential(
        _Causal(layout.WIDTH, width, 2 * patch, stride=patch),
        *(_Residual(width, dilation, causal=True) for dilation in (1, 3)),
        _Causal(width, width, 4, stride=2),
        *(_Residual(width, dilation, causal=True) for dilation in (1, 3)),
        nn.SiLU(),
        nn.Conv1d(width, config.code_dim, 1),
    )


def _decoder(config: TokenizerConfig) -> nn.Sequential:
    """From steps to patches of frames; the last layer writes all frames of a patch, `patch * F` channels."""
    patch, width = config.downsample // 2, config.width
    return nn.Sequential(
        nn.Conv1d(2 * config.code_dim + 1, width, 3, padding=1),
        *(_Residual(width, dilation, causal=False) for dilation in (3, 1)),
        nn.Upsample(scale_factor=2, mode="nearest"),
        *(_Residual(width, dilation, causal=False) for dilation in (1, 3, 1)),
        nn.SiLU(),
        nn.Conv1d(width, patch * layout.WIDTH, 3, padding=1),
    )


class MotionTokenizer(nn.Module):
    """Encodes each person alone, decodes them together."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, config: TokenizerConfig, mean: np.ndarray | None = None, deviation: np.ndarray | None = None) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = _encoder(config), _decoder(config)
        # Patches are decoded side by side; one light layer at the full rate takes the seams out.
        self.seams = nn.Conv1d(layout.WIDTH, layout.WIDTH, 5, padding=2)
        self.quantizer = ResidualQuantizer(
            depth=config.residual_depth, size=config.codebook_size, dim=config.code_dim, dropout=config.quantize_dropout
        )
        self.register_buffer("mean", torch.from_numpy(np.zeros(layout.WIDTH, np.float32) if mean is None else mean))
        self.register_buffer("deviation", torch.from_numpy(np.ones(layout.WIDTH, np.float32) if deviation is None else deviation))

    def latents(self, features: torch.Tensor) -> torch.Tensor:
        """(B, T, P, F) features -> (B, S, P, C); a person's latents depend on that person's past and present only."""
        batch, frames, people, width = features.shape
        x = ((features - self.mean) / self.deviation).permute(0, 2, 3, 1).reshape(batch * people, width, frames)
        return self.encoder(x).reshape(batch, people, self.config.code_dim, -1).permute(0, 3, 1, 2)

    def reconstruct(self, latents: torch.Tensor) -> torch.Tensor:
        """(B, S, P, C) latents -> (B, T, P, F) normalised features of clips of P people."""
        batch, steps, people, width = latents.shape
        rows = latents.permute(0, 2, 1, 3).reshape(batch * people, steps, width)
        clips = torch.arange(batch, device=latents.device).repeat_interleave(people)
        return self.reconstruct_rows(rows, clips).reshape(batch, people, -1, layout.WIDTH).transpose(1, 2)

    def reconstruct_rows(self, latents: torch.Tensor, clips: torch.Tensor) -> torch.Tensor:
        """(R, S, C) latents of people, each of the clip numbered in `clips` (R,) -> (R, T, F) normalised features.

        Each person is decoded beside the mean of the others of its clip, whose number may differ from clip to clip.
        """
        together = latents.new_zeros(int(clips.max()) + 1, *latents.shape[1:]).index_add(0, clips, latents)
        others = torch.bincount(clips)[clips][:, None, None].to(latents.dtype) - 1
        company = (others > 0).to(latents.dtype).expand(*latents.shape[:2], 1)
        beside = (together[clips] - latents) / others.clamp(min=1)
        x = torch.cat([latents, beside, company], -1).transpose(1, 2)
        patches = self.decoder(x).reshape(len(latents), layout.WIDTH, -1, 2 * latents.shape[1])
        frames = patches.transpose(2, 3).reshape(len(latents), layout.WIDTH, -1)
        return (frames + self.seams(frames)).transpose(1, 2)

    def encode(self, features: torch.Tensor) -> torch.Tensor:
        """(B, T, P, F) features -> (B, S, P, D) codes; frames past a whole step are not encoded. float32 always."""
        whole = features.shape[1] - features.shape[1] % self.config.downsample
        return self.quantizer(self.latents(features[:, :whole])).codes

    def decode(self, codes: torch.Tensor, levels: int | None = None) -> torch.Tensor:
        """(B, S, P, D) codes -> (B, T, P, F) features in metres."""
        return self.reconstruct(self.quantizer.decode(codes, levels)) * self.deviation + self.mean

    def save(self, folder: Path) -> None:
        """Write weights and sizes."""
        from safetensors.torch import save_file

        from laban.data.artifact import write_json

        save_file({name: tensor.contiguous() for name, tensor in sorted(self.state_dict().items())}, folder / WEIGHTS)
        write_json(folder / CONFIG, asdict(self.config))

    @classmethod
    def load(cls, folder: Path) -> MotionTokenizer:
        """Rebuild what `save` wrote, ready to encode."""
        from safetensors.torch import load_file

        model = cls(TokenizerConfig(**json.loads((folder / CONFIG).read_text("utf-8"))))
        model.load_state_dict(load_file(folder / WEIGHTS))
        return model.eval()

    @torch.no_grad()
    def encode_positions(self, positions: np.ndarray) -> np.ndarray:
        """(T, P, 22, 3) metres, framed on the first person's first frame -> (S, P, D) codes."""
        features = layout.to_features(layout.frame_on_first(positions))
        return self.encode(torch.from_numpy(features)[None])[0].numpy()

    @torch.no_grad()
    def decode_positions(self, codes: np.ndarray) -> np.ndarray:
        """(S, P, D) codes -> (T, P, 22, 3) metres in the first person's first frame."""
        return layout.to_positions(self.decode(torch.from_numpy(np.ascontiguousarray(codes, np.int64))[None])[0].numpy())
