"""Faster products are taken only where they are exact, and the setting is restored."""

import pytest
import torch

from altools.kernels import precision


def test_products_inside_the_block_are_exact_to_float32():
    rng = torch.Generator().manual_seed(1)
    left, right = torch.rand(300, 512, generator=rng), torch.rand(512, 200, generator=rng)
    with precision.fast_products(left.device):
        found = left @ right
    assert ((found / (left.double() @ right.double())) - 1).abs().max() < precision.LARGEST_ERROR


def test_the_setting_is_restored_after_an_error():
    before = torch.backends.mkldnn.matmul.fp32_precision
    with pytest.raises(KeyError), precision.fast_products(torch.device("cpu")):
        raise KeyError
    assert torch.backends.mkldnn.matmul.fp32_precision == before


def test_nothing_changes_where_bfloat16_would_be_real(monkeypatch):
    monkeypatch.setattr(precision, "keeps_float32", lambda: False)
    before = torch.backends.mkldnn.matmul.fp32_precision
    with precision.fast_products(torch.device("cpu")):
        assert torch.backends.mkldnn.matmul.fp32_precision == before
