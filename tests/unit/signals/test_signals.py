"""Signals: only what is declared, seen with test-time pixels, and nothing in the network changes."""

from dataclasses import fields

import pytest
import torch

from altools import models
from altools.config import plugins
from altools.config.recipes import ModelSpec
from altools.data.images import Images
from altools.models import Outputs
from altools.pool import Pool
from altools.rng import stream
from altools.signals import Asked, bim_distance, deepfool_distance, gather, mc_probs, probs
from altools.training.predict import predict
from tests.pools import NOT_SIGNALS, SIGNALS

POOL, LABELLED = torch.tensor([1, 3, 4, 7, 8, 9]), torch.tensor([5, 0, 2, 6])


@pytest.fixture
def parts():
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (10, 1, 8, 8), generator=rng).to(torch.uint8)
    images = Images.on(torch.device("cpu"), pixels, [0.4], [0.3])
    model = models.build(
        ModelSpec(name="small_cnn", options={"filters": 4, "width": 8}), 1, 3, stream(0, "weights")
    ).eval()
    return images, model, torch.randint(0, 3, (10,), generator=rng)


def asked(parts, outputs=None):
    images, model, labels = parts
    return Asked(
        model=model,
        images=images,
        labels=labels,
        pool=POOL,
        labelled=LABELLED,
        stream=lambda purpose: stream(0, purpose, 1),
        outputs=outputs,
    )


def test_every_field_of_the_pool_is_a_signal_with_a_module():
    assert plugins.names("altools.signals") == sorted(SIGNALS)
    assert {entry.name for entry in fields(Pool)} - set(SIGNALS) == NOT_SIGNALS


def test_undeclared_signals_stay_none(parts):
    pool = gather(asked(parts), {"probs"}, {}, job_name="job")
    assert pool.probs is not None and pool.embeddings is None and pool.labelled_labels is None
    assert pool.job_name == "job"


def test_rows_are_those_of_pool_and_labelled_in_order(parts):
    images, model, labels = parts
    needs = {"probs", "embeddings", "labelled_probs", "labelled_embeddings", "labelled_labels"}
    pool = gather(asked(parts), needs, {"mc_average": 0})
    whole = predict(model, images)
    assert torch.allclose(pool.probs, whole.logits.softmax(1)[POOL])
    assert torch.allclose(pool.embeddings, whole.embeddings[POOL])
    assert torch.allclose(pool.labelled_probs, whole.logits.softmax(1)[LABELLED])
    assert torch.allclose(pool.labelled_embeddings, whole.embeddings[LABELLED])
    assert torch.equal(pool.labelled_labels, labels[LABELLED])


def test_known_outputs_give_the_same_pool_without_a_pass(parts, monkeypatch):
    images, model, _ = parts
    needs = {"probs", "embeddings"}
    fresh = gather(asked(parts), needs, {"mc_average": 0})
    known = predict(model, images)
    monkeypatch.setattr("altools.signals.predict", None)
    reused = gather(asked(parts, Outputs(*known)), needs, {"mc_average": 0})
    assert torch.allclose(fresh.probs, reused.probs) and torch.allclose(fresh.embeddings, reused.embeddings)


def test_one_pass_serves_all_signals(parts, monkeypatch):
    passes = []

    def counted(model, images, rows):
        passes.append(rows)
        return predict(model, images, rows)

    monkeypatch.setattr("altools.signals.predict", counted)
    gather(asked(parts), {"probs", "embeddings", "mc_probs", "labelled_probs", "labelled_embeddings"}, {})
    assert sorted(rows.tolist() for rows in passes) == sorted([POOL.tolist(), LABELLED.tolist()])


def test_options_reach_the_signals_that_have_them(parts):
    pool = gather(asked(parts), {"probs", "mc_probs"}, {"mc_samples": 5, "mc_average": 5, "mc_rate": 0.25})
    assert torch.equal(pool.probs, probs.compute(asked(parts), mc_average=5, mc_rate=0.25))
    assert torch.equal(pool.mc_probs, mc_probs.compute(asked(parts), mc_samples=5, mc_rate=0.25))


def test_the_dropout_average_is_the_mean_of_monte_carlo_probabilities(parts):
    samples, mean = mc_probs.compute(asked(parts), mc_samples=5), probs.compute(asked(parts), mc_average=5)
    assert samples.shape == (6, 5, 3)
    assert torch.equal(mean, samples.mean(1))
    assert not torch.allclose(mean, probs.compute(asked(parts)), atol=1e-4)


PASSES = {
    "mc_probs": lambda asked: mc_probs.compute(asked, mc_samples=3),
    "bim_distance": bim_distance.compute,
    "deepfool_distance": deepfool_distance.compute,
}


@pytest.mark.parametrize("name", PASSES)
def test_no_pass_changes_the_network_or_its_statistics(parts, name):
    _, model, _ = parts
    before = {key: value.clone() for key, value in model.state_dict().items()}
    PASSES[name](asked(parts))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_attack_distances_are_those_of_the_pool_in_pixel_units(parts):
    images, model, _ = parts
    distances = deepfool_distance.compute(asked(parts))
    assert distances.shape == (6,) and (distances >= 0).all()
    # The closest image is closer in logits than the farthest, however the pixels are normalised.
    logits = predict(model, images, POOL).logits.topk(2).values
    gap = logits[:, 0] - logits[:, 1]
    assert gap[distances.argmin()] <= gap[distances.argmax()]
