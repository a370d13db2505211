"""InterCLIP as InterGen publishes it (Liang et al., IJCV 2024; `configs/eval_model.yaml`): the evaluator of InterHuman.

Motion: un-normalised features of both people without contacts, a learned query token, sines, post-norm layers, layer norm.
Text: token and place embeddings (CLIP ViT-L/14@336px's, frozen, where its folder is given; else our words, learnt), post-norm layers
over **all** places of the context, padding too, read at the last token. Both of length `scale`; the logits are their products, so
a learned number shapes the scale of FID. Published sizes: `width` 1024, `text_width` 768, 8 `layers`, 8 `heads`, `feed_width` 2048,
`embedding_dim` 512. Ours: equal captions in a batch are not held against one another.

Letters: `B` batch, `T` frames, `L` tokens, `W` features a frame, `E` embedding width.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from laban.evaluators.config import EvaluatorConfig
from laban.evaluators.losses import symmetric_cross_entropy
from laban.evaluators.transformers import absent, encoder, sinusoids

DROPOUT = 0.1
CONTEXT = 77
"""Places of a text; what is longer is cut, as CLIP does."""
LONGEST = 300
"""Frames; what is longer is cut. InterGen draws where to cut; here it is the beginning, so that equal clips give equal numbers."""


class InterClip(nn.Module):
    """Motion and words into one space."""

    normalised: ClassVar[bool] = False

    def __init__(self, config: EvaluatorConfig, motion_width: int) -> None:
        super().__init__()
        config.check_heads("width", "text_width")
        layers = {"heads": config.heads, "feed_width": config.feed_width, "layers": config.layers, "dropout": DROPOUT}
        self.query = nn.Parameter(torch.randn(1, config.width))
        self.motion_in = nn.Linear(motion_width, config.width)
        self.dropout = nn.Dropout(DROPOUT)
        self.motion_layers = encoder(config.width, **layers)  # type: ignore[arg-type]
        self.motion_norm, self.motion_out = nn.LayerNorm(config.width), nn.Linear(config.width, config.embedding_dim)
        self.token = nn.Embedding(config.entries, config.text_width)
        self.place = nn.Parameter(0.01 * torch.randn(CONTEXT, config.text_width))
        nn.init.normal_(self.token.weight, std=0.02)  # CLIP's
        self.text_layers = encoder(config.text_width, **layers)  # type: ignore[arg-type]
        self.text_norm, self.text_out = nn.LayerNorm(config.text_width), nn.Linear(config.text_width, config.embedding_dim)
        self.scale = nn.Parameter(torch.ones(1))

    def embed_motion(self, motion: Tensor, frames: Tensor) -> Tensor:
        """(B, T, W) features as they are, (B,) true lengths -> (B, E) of length `scale`."""
        motion, frames = motion[:, :LONGEST], frames.clamp(max=LONGEST)
        tokens = self.motion_in(motion)
        tokens = torch.cat([self.query.to(tokens.dtype).expand(len(tokens), 1, -1), tokens], dim=1)
        tokens = self.dropout(tokens + sinusoids(*tokens.shape[1:]).to(tokens))
        found = self.motion_layers(tokens, src_key_padding_mask=absent(frames + 1, tokens.shape[1]))
        return self._scaled(self.motion_out(self.motion_norm(found[:, 0])))

    def embed_text(self, text: Tensor, lengths: Tensor) -> Tensor:
        """(B, L) numbers of tokens, 0 where padded, (B,) true lengths -> (B, E) of length `scale`."""
        text, lengths = functional.pad(text, (0, CONTEXT))[:, :CONTEXT], lengths.clamp(max=CONTEXT)
        found = self.text_norm(self.text_layers(self.token(text) + self.place))
        last = found[torch.arange(len(found), device=found.device), lengths - 1]
        return self._scaled(self.text_out(last))

    def _scaled(self, embedded: Tensor) -> Tensor:
        return functional.normalize(embedded.float(), dim=-1) * self.scale

    def forward(self, motion: Tensor, frames: Tensor, text: Tensor, lengths: Tensor, caption: Tensor) -> dict[str, Tensor]:
        """Matching rows of motion and text -> `loss`, and the motion's embedding."""
        embedded, said = self.embed_motion(motion, frames), self.embed_text(text, lengths)
        with torch.autocast(motion.device.type, enabled=False):
            logits = embedded @ said.T
        return {"loss": symmetric_cross_entropy(logits, caption), "motion": embedded}
