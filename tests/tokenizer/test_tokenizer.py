"""The quantiser's algebra, and that no code gives away the partner or the future."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from laban.motion import features as layout
from laban.motion.skeleton import REST_OFFSETS
from laban.tokenizer.autoencoder import MotionTokenizer, TokenizerConfig
from laban.tokenizer.quantizer import ResidualQuantizer

CONFIG = TokenizerConfig(downsample=8, residual_depth=3, codebook_size=16, code_dim=8, width=16)


def _motion(seed: int, frames: int = 48, people: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0, 0.02, (frames, people, 22, 3)), axis=0)
    standing = np.cumsum(REST_OFFSETS, axis=0) * 0.2 + rng.normal(0, 0.5, (people, 1, 3)) * [1, 0, 1] + [0, 1, 0]
    return (standing + walk).astype(np.float32)


@pytest.fixture(scope="module")
def tokenizer() -> MotionTokenizer:
    torch.manual_seed(0)
    stacked = layout.to_features(layout.frame_on_first(np.stack([_motion(seed) for seed in range(8)])))
    model = MotionTokenizer(CONFIG, *layout.statistics(stacked))
    model.quantizer(model.latents(torch.from_numpy(stacked)))  # draws the codebooks
    return model.eval()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), change=st.sampled_from(["replace", "move", "turn", "lower"]))
def test_given_persons_codes_do_not_depend_on_the_partner(tokenizer: MotionTokenizer, seed: int, change: str) -> None:
    motion = _motion(seed)
    other = motion.copy()
    if change == "replace":
        other[:, 1] = _motion(seed + 1)[:, 1]
    elif change == "turn":
        other[:, 1] = layout.rotate_yaw(other[:, 1], 1.3)
    else:
        other[:, 1] += [[0.7, 0.0, -0.4], [0.0, -0.3, 0.0]][change == "lower"]
    codes, changed = tokenizer.encode_positions(motion), tokenizer.encode_positions(other)
    np.testing.assert_array_equal(codes[:, 0], changed[:, 0])


def test_the_partners_codes_do_depend_on_the_partner(tokenizer: MotionTokenizer) -> None:
    motion = _motion(3)
    other = motion.copy()
    other[:, 1] = _motion(4)[:, 1]
    assert (tokenizer.encode_positions(motion)[:, 1] != tokenizer.encode_positions(other)[:, 1]).any()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 5))
def test_codes_of_a_prefix_are_the_prefix_of_the_codes(tokenizer: MotionTokenizer, seed: int, steps: int) -> None:
    motion = _motion(seed)
    prefix = tokenizer.encode_positions(motion[: steps * CONFIG.downsample])
    np.testing.assert_array_equal(prefix, tokenizer.encode_positions(motion)[:steps])


def test_where_the_pair_stands_changes_no_code(tokenizer: MotionTokenizer) -> None:
    motion = _motion(5)
    moved = layout.rotate_yaw(motion, 0.9) + np.array([2.0, 0.0, -1.0])
    agreement = (tokenizer.encode_positions(motion) == tokenizer.encode_positions(moved.astype(np.float32))).mean()
    assert agreement > 0.97  # rounding may move a vector over a border


def test_decoder_is_pair_aware_and_takes_one_two_and_three_people(tokenizer: MotionTokenizer) -> None:
    codes = tokenizer.encode_positions(_motion(6))
    alone = tokenizer.decode_positions(codes[:, :1])
    beside = tokenizer.decode_positions(codes)
    assert alone.shape == (48, 1, 22, 3)
    assert not np.allclose(alone[:, 0], beside[:, 0])
    assert tokenizer.decode_positions(np.repeat(codes[:, :1], 3, axis=1)).shape == (48, 3, 22, 3)
    np.testing.assert_allclose(tokenizer.decode_positions(codes[:, ::-1])[:, ::-1], beside, atol=1e-5)


def test_rows_of_mixed_clips_are_decoded_as_each_clip_alone(tokenizer: MotionTokenizer) -> None:
    latents = torch.randn(6, 4, CONFIG.code_dim)
    together = tokenizer.reconstruct_rows(latents, torch.tensor([0, 1, 1, 2, 2, 2]))
    start = 0
    for people in (1, 2, 3):
        alone = tokenizer.reconstruct(latents[start : start + people].transpose(0, 1)[None])[0].transpose(0, 1)
        torch.testing.assert_close(together[start : start + people], alone)
        start += people


def test_all_state_is_saved(tokenizer: MotionTokenizer, tmp_path) -> None:
    tokenizer.save(tmp_path)
    again = MotionTokenizer.load(tmp_path)
    assert bool(again.quantizer.initialised.all())
    np.testing.assert_array_equal(again.encode_positions(_motion(7)), tokenizer.encode_positions(_motion(7)))
    before = again.quantizer.codebooks.clone()
    again.train().quantizer(torch.randn(4, 8))  # resuming must not draw them anew
    assert (again.quantizer.codebooks - before).abs().max() < before.abs().max()


def test_levels_reduce_the_error_of_vectors_that_the_codebooks_were_fitted_to() -> None:
    torch.manual_seed(1)
    quantizer = ResidualQuantizer(depth=4, size=32, dim=8)
    vectors = torch.randn(512, 8)
    for _ in range(60):
        quantizer(vectors)
    quantizer.eval()
    codes = quantizer(vectors).codes
    errors = [float((vectors - quantizer.decode(codes, levels)).square().mean()) for levels in range(1, 5)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


def test_gradient_passes_straight_through_once() -> None:
    quantizer = ResidualQuantizer(depth=6, size=8, dim=4)
    vectors = torch.randn(16, 4, requires_grad=True)
    quantizer(vectors).latents.sum().backward()
    torch.testing.assert_close(vectors.grad, torch.ones_like(vectors))


def test_features_invert_exactly_and_are_causal() -> None:
    motion = layout.frame_on_first(_motion(8, people=3))
    features = layout.to_features(motion)
    np.testing.assert_allclose(layout.to_positions(features), motion, atol=1e-6)
    np.testing.assert_array_equal(layout.to_features(motion[:20]), features[:20])
    assert abs(float(layout.heading(motion[0, 0]))) < 1e-5
    np.testing.assert_allclose(motion[0, 0, 0, [0, 2]], 0, atol=1e-6)


@pytest.mark.parametrize("downsample", [0, 3, 6])
def test_downsample_must_be_a_power_of_two(downsample: int) -> None:
    with pytest.raises(ValueError, match=str(downsample)):
        TokenizerConfig(downsample=downsample, residual_depth=1, codebook_size=8, code_dim=4, width=8)
