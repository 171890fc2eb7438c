"""BALD and BatchBALD against their definitions, batchbald-redux and other paths to the same numbers."""

import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from altools.kernels import information, outcomes
from altools.pool import Pool
from altools.rng import stream
from altools.strategies import bald, batchbald


def posterior(size, samples, classes, *, seed=0, disagreement=1.0, features=16):
    """Predictions of linear heads that differ between samples."""
    rng = torch.Generator().manual_seed(seed)
    common = torch.randn(size, 1, classes, generator=rng)
    heads = torch.randn(samples, features, classes, generator=rng) * disagreement / features**0.5
    inputs = torch.randn(size, features, generator=rng)
    return torch.softmax(common + torch.einsum("uf,mfc->umc", inputs, heads), dim=2)


def pool_of(mc_probs):
    return Pool(size=len(mc_probs), mc_probs=mc_probs)


def scalar_entropy(probs):
    return -sum(float(p) * math.log(float(p)) for p in probs if p > 0)


def scalar_mutual_information(samples):
    mean = np.mean(np.asarray(samples, dtype=np.float64), axis=0)
    return scalar_entropy(mean) - sum(scalar_entropy(row) for row in samples) / len(samples)


def scalar_joint_information(batch):
    """I(y_1 ... y_t; sample) of a (t, m, c) array, by enumerating every joint outcome."""
    batch = np.asarray(batch, dtype=np.float64)
    samples, classes = batch.shape[1:]
    joint = 0.0
    for labels in itertools.product(range(classes), repeat=len(batch)):
        p = sum(math.prod(batch[i, k, y] for i, y in enumerate(labels)) for k in range(samples)) / samples
        joint -= p * math.log(p) if p > 0 else 0.0
    return joint - sum(scalar_entropy(row) for point in batch for row in point) / samples


def scalar_batchbald(mc_probs, budget):
    picks, totals = [], []
    for _ in range(budget):
        rest = [i for i in range(len(mc_probs)) if i not in picks]
        scores = [scalar_joint_information(mc_probs[[*picks, i]]) for i in rest]
        picks.append(rest[int(np.argmax(scores))])
        totals.append(max(scores))
    return picks, totals


def with_zeros(mc_probs):
    """Every third candidate is sure of one class, a class that differs between samples for every sixth."""
    sharp = torch.zeros_like(mc_probs)
    sharp[:, :, 0] = 1
    sharp[::2] = torch.eye(mc_probs.shape[2])[torch.arange(mc_probs.shape[1]) % mc_probs.shape[2]]
    third = (torch.arange(len(mc_probs)) % 3 == 0)[:, None, None]
    return torch.where(third, sharp, mc_probs)


@given(st.integers(0, 1000), st.integers(2, 6), st.integers(2, 5), st.booleans())
@settings(deadline=None, max_examples=20)
def test_bald_is_the_mutual_information_of_its_definition(seed, samples, classes, zeros):
    probs = posterior(7, samples, classes, seed=seed)
    probs = with_zeros(probs) if zeros else probs
    ours = information.mutual_information(probs)
    assert ours.tolist() == pytest.approx([scalar_mutual_information(p) for p in probs.numpy()], abs=1e-12)
    assert ours.min() >= -1e-12


def test_bald_of_candidates_that_agree_is_zero_up_to_float64():
    probs = posterior(1000, 1, 10).expand(-1, 10, -1)
    assert information.mutual_information(probs).abs().max() < 1e-14


def test_bald_does_not_depend_on_blocks(monkeypatch):
    probs = posterior(50, 4, 3)
    whole = information.mutual_information(probs)
    monkeypatch.setattr(information, "BLOCK_ELEMENTS", 40)
    assert torch.equal(information.mutual_information(probs), whole)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_bald_ranks_as_batchbald_redux():
    redux = peer()
    probs = posterior(300, 10, 5)
    theirs = redux.get_bald_batch(probs.double().log(), 40)
    ours = bald.select(pool_of(probs), 40, stream(0, "query"))
    assert ours.picks.tolist() == theirs.indices
    assert ours.scores.tolist() == pytest.approx(theirs.scores, abs=1e-12)


@given(st.integers(0, 1000), st.booleans())
@settings(deadline=None, max_examples=10)
def test_batchbald_enumerates_as_its_definition(seed, zeros):
    probs = posterior(9, 4, 3, seed=seed)
    probs = with_zeros(probs) if zeros else probs
    ours = batchbald.select(pool_of(probs), 4, stream(seed, "query"), tolerance=0.0)
    informed = ours.notes["informed_picks"]
    picks, totals = scalar_batchbald(probs.numpy(), informed)
    totals_of_ours = [scalar_joint_information(probs[ours.picks[: t + 1]].numpy()) for t in range(informed)]
    assert ours.scores[:informed].cumsum(0).tolist() == pytest.approx(totals, abs=1e-5)
    assert totals_of_ours == pytest.approx(totals, abs=1e-5)
    assert zeros or ours.picks[:informed].tolist() == picks
    assert ours.notes["information_nats"] == pytest.approx(totals[-1], abs=1e-5)


def test_sampled_gains_agree_with_enumerated_ones():
    probs = posterior(60, 8, 3, seed=3)
    entropies = information.sample_entropies(probs)
    draws = outcomes.uniform_draws(stream(0, "query"), 8, 20_000, probs.device)
    exact = sampled = outcomes.Outcomes.none(8, probs.device)
    for pick in (4, 17, 30, 55):
        exact = exact.extended(probs[pick], 3**4, draws)
        sampled = sampled.extended(probs[pick], 9, draws)
    assert not exact.drawn and sampled.drawn
    errors = torch.stack([sampled.standard_error(p, e) for p, e in zip(probs, entropies, strict=True)])
    gap = (sampled.gains(probs, entropies) - exact.gains(probs, entropies)).abs()
    assert (gap < 5 * errors + 1e-6).all()
    assert float(sampled.information()) == pytest.approx(float(exact.information()), abs=0.02)


def test_gains_are_bounded_by_the_gains_of_merged_outcomes():
    probs = posterior(80, 12, 4, seed=1, disagreement=3.0)
    entropies = information.sample_entropies(probs)
    draws = outcomes.uniform_draws(stream(0, "query"), 12, 200, probs.device)
    batch = outcomes.Outcomes.none(12, probs.device)
    for pick in range(20):
        batch = batch.extended(probs[pick], 200, draws)
        gains, bounds = batch.gains(probs, entropies), batch.merged(4).gains(probs, entropies)
        assert (gains > -1e-6).all()
        assert (bounds > gains - 1e-6).all()
        left = math.log(12) - float(batch.information())
        assert (gains < left + 1e-6).all()


def test_sampled_joint_information_never_exceeds_log_m():
    probs = posterior(200, 10, 4, seed=2, disagreement=3.0)
    chosen = batchbald.select(pool_of(probs), 100, stream(0, "query"))
    informed = chosen.notes["informed_picks"]
    assert chosen.notes["stopped_by"] == "saturation"
    assert 3 <= informed < 40
    assert math.log(10) - 0.01 < chosen.notes["information_nats"] <= math.log(10)
    assert chosen.scores[:informed].sum() < math.log(10) + 0.1  # twice the standard error of the sum
    assert chosen.scores.isfinite().all()


@pytest.mark.parametrize("disagreement", [0.3, 1.0, 3.0])
def test_no_nan_at_ten_samples_and_a_hundred_picks(disagreement):
    probs = posterior(200, 10, 10, seed=5, disagreement=disagreement)
    chosen = batchbald.select(pool_of(probs), 100, stream(0, "query"), tolerance=0.0)
    assert chosen.scores.isfinite().all()
    assert len(set(chosen.picks.tolist())) == 100
    assert 0 < chosen.notes["information_nats"] <= math.log(10) + 1e-12


def test_thousands_of_factors_do_not_underflow():
    probs = posterior(3, 10, 10, seed=6, disagreement=0.05)
    draws = outcomes.uniform_draws(stream(0, "query"), 10, 100, probs.device)
    batch = outcomes.Outcomes.none(10, probs.device)
    for step in range(500):
        batch = batch.extended(probs[step % 3], 100, draws)
    assert batch.log_joint.max() < -500  # every product is far below the smallest float32, 1e-38
    assert batch.posterior.isfinite().all()
    assert batch.gains(probs, information.sample_entropies(probs)).isfinite().all()
    assert 0.1 < batch.information() <= math.log(10)


def test_the_rest_is_filled_in_bald_order():
    probs = posterior(200, 10, 4, seed=2, disagreement=3.0)
    chosen = batchbald.select(pool_of(probs), 100, stream(0, "query"))
    informed = chosen.notes["informed_picks"]
    head = set(chosen.picks[:informed].tolist())
    order = bald.select(pool_of(probs), 199, stream(0, "query")).picks.tolist()
    assert chosen.picks[informed:].tolist() == [i for i in order if i not in head][: 100 - informed]


def test_drawn_labels_follow_their_probabilities():
    probs = torch.tensor([[0.0, 0.7, 0.0, 0.3], [0.25, 0.0, 0.75, 0.0]])
    uniform = torch.rand(2, 20_000, generator=stream(0, "query"))
    uniform[:, 0], uniform[:, 1] = 0.0, 1 - 2**-24
    drawn = outcomes._drawn_label(probs, uniform).exp().view(2, 20_000, 2)
    for sample in range(2):
        own = drawn[sample, :, sample]
        assert (own > 0.2).all()  # no label that is impossible under the sample it was drawn from
        for p in probs[sample][probs[sample] > 0]:
            share = float(torch.isclose(own, p.double()).double().mean())
            assert share == pytest.approx(float(p), abs=5 * 0.5 / 20_000**0.5)


def test_lazy_scoring_picks_as_a_full_scan(monkeypatch):
    probs = posterior(700, 6, 4, seed=8)
    lazy = batchbald.select(pool_of(probs), 4, stream(0, "query"), configurations=256)
    monkeypatch.setattr(batchbald, "LEADERS", 3)
    monkeypatch.setattr(batchbald, "MANY", 5)
    monkeypatch.setattr(batchbald, "GATHERED_ELEMENTS", 100)
    monkeypatch.setattr(outcomes, "BLOCK_ELEMENTS", 5000)
    lazier = batchbald.select(pool_of(probs), 4, stream(0, "query"), configurations=256)
    entropies, batch, picks = information.sample_entropies(probs), outcomes.Outcomes.none(6, probs.device), []
    for _ in range(4):
        gains = batch.gains(probs, entropies)
        gains[picks] = -1
        picks.append(int(gains.argmax()))
        batch = batch.extended(probs[picks[-1]], 256, iter(()))
    assert lazy.picks.tolist() == lazier.picks.tolist() == picks


@pytest.mark.parametrize("configurations", [1, 7, 50])
def test_fewer_configurations_than_samples_still_give_one_outcome_per_sample(configurations):
    probs = posterior(30, 10, 3, seed=4)
    chosen = batchbald.select(pool_of(probs), 20, stream(0, "query"), configurations=configurations)
    assert len(set(chosen.picks.tolist())) == 20
    assert chosen.scores.isfinite().all()


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("samples", "classes", "exact"), [(10, 4, 5), (40, 10, 4), (20, 2, 10)])
def test_batchbald_picks_as_batchbald_redux_while_enumerating(samples, classes, exact):
    redux = peer()
    probs = posterior(200, samples, classes, seed=9)
    theirs = redux.get_batchbald_batch(probs.double().log(), exact, 1000, dtype=torch.double)
    ours = batchbald.select(pool_of(probs), exact, stream(0, "query"), tolerance=0.0)
    assert ours.picks.tolist() == theirs.indices
    assert ours.scores.cumsum(0).tolist() == pytest.approx(theirs.scores, abs=1e-5)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("samples", "classes", "exact"), [(10, 4, 4), (20, 2, 8)])
def test_batchbald_picks_as_scikit_activeml_while_enumerating(samples, classes, exact):
    peer = pytest.importorskip("skactiveml.pool", reason="scikit-activeml is not installed: run make test")
    probs = posterior(120, samples, classes, seed=11)
    by_sample = probs.double().numpy().swapaxes(0, 1).copy()
    utilities = peer.batch_bald(by_sample, exact, n_MC_samples=1000, random_state=0)
    ours = batchbald.select(pool_of(probs), exact, stream(0, "query"), tolerance=0.0)
    assert ours.picks.tolist() == np.nanargmax(utilities, axis=1).tolist()
    assert ours.scores.cumsum(0).tolist() == pytest.approx(np.nanmax(utilities, axis=1).tolist(), abs=1e-5)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_batchbald_is_as_informative_as_batchbald_redux_when_sampling():
    redux = peer()
    probs = posterior(150, 20, 4, seed=10, disagreement=0.5)
    theirs = redux.get_batchbald_batch(probs.double().log(), 10, 2000, dtype=torch.double)
    ours = batchbald.select(pool_of(probs), 10, stream(0, "query"), configurations=2000)
    assert ours.notes["informed_picks"] == 10
    assert ours.notes["information_nats"] > theirs.scores[-1] - 0.1


def peer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from batchbald_redux import batchbald as redux
    return redux
