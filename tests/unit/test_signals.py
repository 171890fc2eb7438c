"""Signals: only what is declared, seen with test-time pixels, and nothing in the network changes."""

import pytest
import torch

from altools import models
from altools.images import Images
from altools.models import Outputs
from altools.rng import stream
from altools.signal_options import SIGNAL_OPTIONS
from altools.signals import Signals
from altools.training.predict import predict

OPTIONS = {key: value for options in SIGNAL_OPTIONS.values() for key, value in options.items()}
POOL, LABELLED = torch.tensor([1, 3, 4, 7, 8, 9]), torch.tensor([5, 0, 2, 6])


@pytest.fixture
def parts():
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (10, 1, 8, 8), generator=rng).to(torch.uint8)
    images = Images.on(torch.device("cpu"), pixels, [0.4], [0.3])
    model = models.build("small_cnn", 1, 3, stream(0, "weights"), filters=4, width=8).eval()
    return images, model, torch.randint(0, 3, (10,), generator=rng)


def signals(parts, outputs=None, **options):
    images, model, labels = parts
    return Signals(
        model=model,
        images=images,
        labels=labels,
        pool=POOL,
        labelled=LABELLED,
        options={**OPTIONS, **options},
        stream=lambda purpose: stream(0, purpose, 1),
        outputs=outputs,
    )


def test_undeclared_signals_stay_none(parts):
    pool = signals(parts).gather(frozenset({"probs"}), {}, "job")
    assert pool.probs is not None and pool.embeddings is None and pool.labelled_labels is None


def test_rows_are_those_of_pool_and_labelled_in_order(parts):
    images, model, labels = parts
    pool = signals(parts, mc_average=0).gather(
        frozenset({"probs", "embeddings", "labelled_probs", "labelled_embeddings", "labelled_labels"}), {}, "job"
    )
    whole = predict(model, images)
    assert torch.allclose(pool.probs, whole.logits.softmax(1)[POOL])
    assert torch.allclose(pool.labelled_embeddings, whole.embeddings[LABELLED])
    assert torch.equal(pool.labelled_labels, labels[LABELLED])


def test_known_outputs_give_the_same_pool_without_a_pass(parts, monkeypatch):
    images, model, _ = parts
    needs = frozenset({"probs", "embeddings"})
    fresh = signals(parts, mc_average=0).gather(needs, {}, "job")
    known = predict(model, images)
    monkeypatch.setattr("altools.signals.predict", None)
    reused = signals(parts, Outputs(*known), mc_average=0).gather(needs, {}, "job")
    assert torch.allclose(fresh.probs, reused.probs) and torch.allclose(fresh.embeddings, reused.embeddings)


def test_the_dropout_average_is_the_mean_of_monte_carlo_probabilities(parts):
    both = signals(parts, mc_samples=5, mc_average=5)
    assert both.mc_probs.shape == (6, 5, 3)
    assert torch.equal(both.probs, both.mc_probs.mean(1))
    assert not torch.allclose(both.probs, signals(parts).probs, atol=1e-4)


@pytest.mark.parametrize("name", ["mc_probs", "bim_distance", "deepfool_distance"])
def test_no_pass_changes_the_network_or_its_statistics(parts, name):
    _, model, _ = parts
    before = {key: value.clone() for key, value in model.state_dict().items()}
    getattr(signals(parts, mc_samples=3), name)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_attack_distances_are_those_of_the_pool_in_pixel_units(parts):
    images, model, _ = parts
    distances = signals(parts).deepfool_distance
    assert distances.shape == (6,) and (distances >= 0).all()
    # The closest image is closer in logits than the farthest, however the pixels are normalised.
    logits = predict(model, images, POOL).logits.topk(2).values
    gap = logits[:, 0] - logits[:, 1]
    assert gap[distances.argmin()] <= gap[distances.argmax()]
