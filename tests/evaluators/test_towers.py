import torch
from torch.nn import functional

from laban.evaluators.towers import Layer


def _layer() -> tuple[Layer, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    bias = torch.zeros(3, 1, 1, 7)
    bias[1, ..., 4:] = -torch.inf
    return Layer(16, 4), torch.randn(3, 7, 16), bias


def test_the_last_layer_of_one_query_equals_that_of_all() -> None:
    layer, tokens, bias = _layer()
    assert torch.allclose(layer(tokens[:, :1], tokens, bias), layer(tokens, tokens, bias)[:, :1], atol=1e-6)


def test_attention_equals_torchs() -> None:
    layer, tokens, bias = _layer()
    query = layer._split(layer.query(layer.before(tokens)))
    key, value = (layer._split(part) for part in layer.key_value(layer.before(tokens)).chunk(2, dim=-1))
    attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias).transpose(1, 2).flatten(2)
    expected = tokens + layer.out(attended)
    assert torch.allclose(layer(tokens, tokens, bias), expected + layer.feed(layer.between(expected)), atol=1e-5)
