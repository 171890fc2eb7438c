"""Monte-Carlo dropout heads equal dropout before the last layer, and leave the network alone."""

import math

import pytest
import torch
from torch import nn

from altools.kernels import dropout_heads
from altools.kernels.dropout_heads import dropout_masks, masked_probs, mean_probs
from altools.rng import stream


@pytest.fixture
def layer():
    rng = stream(0, "layer")
    return torch.randn(4, 6, generator=rng), torch.randn(4, generator=rng), torch.rand(11, 6, generator=rng) * 2


def draw(layer, samples, rate=0.5, rows=slice(None)):
    weight, bias, embeddings = layer
    masks = dropout_masks(samples, 6, rate=rate, generator=stream(1, "masks"))
    return masked_probs(embeddings[rows], weight, bias, masks)


def test_equals_dropout_one_image_one_mask_one_class_at_a_time(layer):
    weight, bias, embeddings = (part.tolist() for part in layer)
    masks = dropout_masks(3, 6, rate=0.5, generator=stream(1, "masks")).tolist()
    probs = draw(layer, 3)
    for i, features in enumerate(embeddings):
        for k, mask in enumerate(masks):
            logits = [
                sum(w * z * h for w, z, h in zip(row, mask, features, strict=True)) + b
                for row, b in zip(weight, bias, strict=True)
            ]
            total = sum(math.exp(value) for value in logits)
            assert probs[i, k].tolist() == pytest.approx([math.exp(value) / total for value in logits], abs=1e-6)


def test_masks_drop_at_the_rate_and_keep_the_mean():
    masks = dropout_masks(2000, 50, rate=0.3, generator=stream(0, "masks"))
    assert masks.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert float(masks.mean()) == pytest.approx(1.0, abs=0.01)


def test_without_dropout_every_sample_is_the_plain_prediction(layer):
    weight, bias, embeddings = layer
    plain = torch.softmax(nn.functional.linear(embeddings, weight, bias), 1)
    torch.testing.assert_close(draw(layer, 3, rate=0.0), plain[:, None].expand(-1, 3, -1))


def test_logits_average_to_the_plain_ones_over_many_masks(layer):
    weight, bias, embeddings = layer
    masks = dropout_masks(20_000, 6, rate=0.5, generator=stream(2, "masks"))
    log_odds = masked_probs(embeddings, weight, bias, masks).log()
    mean = (log_odds - log_odds[..., :1]).mean(1)
    plain = nn.functional.linear(embeddings, weight, bias)
    torch.testing.assert_close(mean, plain - plain[:, :1], atol=0.15, rtol=0)


def test_masks_do_not_depend_on_how_candidates_are_cut(layer, monkeypatch):
    whole = draw(layer, 5)
    monkeypatch.setattr(dropout_heads, "BLOCK_ELEMENTS", 5 * 4 * 2)  # two candidates at a time
    torch.testing.assert_close(draw(layer, 5), whole)
    parts = torch.cat([draw(layer, 5, rows=slice(0, 4)), draw(layer, 5, rows=slice(4, None))])
    torch.testing.assert_close(parts, whole)
    assert len(whole.std(dim=1).unique()) > 1  # the masks do differ


def test_the_mean_over_masks_is_the_mean_of_what_they_give_one_by_one(layer, monkeypatch):
    weight, bias, embeddings = layer
    masks = dropout_masks(5, 6, rate=0.5, generator=stream(1, "masks"))
    monkeypatch.setattr(dropout_heads, "BLOCK_ELEMENTS", 5 * 4 * 2)
    torch.testing.assert_close(mean_probs(embeddings, weight, bias, masks), draw(layer, 5).mean(1))


def test_one_generator_gives_one_answer(layer):
    assert torch.equal(draw(layer, 5), draw(layer, 5))


def test_monte_carlo_passes_touch_no_batch_statistics():
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten()).eval()
    head = nn.Linear(3 * 36, 4)
    before = {name: value.clone() for name, value in (backbone.state_dict() | head.state_dict()).items()}
    images = torch.rand(5, 1, 8, 8)
    with torch.no_grad():
        whole = [backbone(images[[i]])[0] for i in range(5)]
        masks = dropout_masks(4, 3 * 36, rate=0.5, generator=stream(0, "masks"))
        probs = masked_probs(backbone(images), head.weight, head.bias, masks)
        alone = masked_probs(torch.stack(whole), head.weight, head.bias, masks)
    after = backbone.state_dict() | head.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    torch.testing.assert_close(probs, alone)  # an image's answer does not depend on its batch
