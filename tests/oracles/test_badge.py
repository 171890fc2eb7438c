"""BADGE against its definition: the same uniforms in scalar float64, and exact probabilities on five points."""

import itertools
import math

import pytest
import torch

from altools import strategies
from altools.kernels import seeding
from altools.kernels.distances import among, lower_
from altools.kernels.gradients import residuals
from altools.kernels.points import outer_products, vectors
from altools.pool import Pool
from altools.rng import stream
from tests import pools
from tests.frequencies import chi_square_tail

MODES = ["fast", "reference"]


def select(pool: Pool, budget: int, seed: int = 0, mode: str = "fast"):
    badge = strategies.load("badge")
    return badge.select(pools.restrict(pool, badge.NEEDS), budget, stream(seed, "query"), mode=mode)


def gradients(pool: Pool) -> list[list[float]]:
    """g = (p - onehot(argmax p)) (outer) h, written down in float64."""
    assert pool.probs is not None and pool.embeddings is not None
    found = []
    for probs, hidden in zip(pool.probs.double().tolist(), pool.embeddings.double().tolist(), strict=True):
        top = probs.index(max(probs))
        found.append([(p - (c == top)) * h for c, p in enumerate(probs) for h in hidden])
    return found


def squared(first: list[float], second: list[float]) -> float:
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True))


def scalar_badge(points: list[list[float]], budget: int, uniforms: list[float]) -> tuple[list[int], list[float]]:
    """Algorithm 1 of Ash et al. from the largest norm, one point and one uniform number at a time."""
    norms = [sum(a * a for a in point) for point in points]
    picks = [norms.index(max(norms))]
    scores = [max(norms)]
    for uniform in uniforms[: budget - 1]:
        weights = [min(squared(point, points[j]) for j in picks) for point in points]
        target, passed = uniform * math.fsum(weights), 0.0
        pick = -1
        while passed <= target:
            pick += 1
            passed += weights[pick]
        picks.append(pick)
        scores.append(weights[pick])
    return picks, scores


@pytest.mark.parametrize("seed", range(8))
def test_reference_mode_draws_the_scalar_definitions_indices(seed):
    pool = pools.make(60, classes=4, width=16, sharpness=0.5, seed=seed)
    uniforms = torch.rand(19, dtype=torch.float64, generator=stream(seed, "query")).tolist()
    expected, scores = scalar_badge(gradients(pool), 20, uniforms)
    chosen = select(pool, 20, seed, mode="reference")
    assert chosen.picks.tolist() == expected
    torch.testing.assert_close(chosen.scores, torch.tensor(scores, dtype=torch.float64), rtol=1e-3, atol=1e-5)


def five_points() -> Pool:
    """Five candidates whose gradients lie at very different distances, the largest norm at position 3."""
    probs = torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5], [0.55, 0.45]])
    embeddings = torch.tensor([[1.0, 0.0], [0.5, 1.0], [2.0, 0.0], [2.0, 2.0], [2.0, 1.0]])
    return Pool(size=5, probs=probs, embeddings=embeddings)


def exact_law(points: list[list[float]], budget: int) -> dict[tuple[int, ...], float]:
    """Probability of every ordered batch, by enumeration."""
    norms = [sum(a * a for a in point) for point in points]
    first = norms.index(max(norms))
    law = {}
    for rest in itertools.permutations([i for i in range(len(points)) if i != first], budget - 1):
        picks, probability = [first], 1.0
        for i in rest:
            weights = [min(squared(point, points[j]) for j in picks) for point in points]
            probability *= weights[i] / sum(weights)
            picks.append(i)
        law[tuple(picks)] = probability
    return law


@pytest.mark.parametrize(("mode", "block"), [("fast", 256), ("fast", 2), ("reference", None)], ids=str)
def test_batches_of_five_points_come_with_their_exact_probabilities(mode, block, monkeypatch):
    if block:
        monkeypatch.setattr(seeding.in_blocks, "__defaults__", (block,))
    pool = five_points()
    law = exact_law(gradients(pool), 4)
    assert len(law) == 24 and sum(law.values()) == pytest.approx(1)
    runs, counts, rng = 700, {}, stream(1, "law")
    for _ in range(runs):
        batch = tuple(strategies.load("badge").select(pool, 4, rng, mode=mode).picks.tolist())
        counts[batch] = counts.get(batch, 0) + 1
    assert chi_square_tail(counts, law, runs) > 1e-3


@pytest.mark.parametrize("mode", MODES)
def test_the_first_pick_has_the_largest_gradient_and_its_score_is_the_squared_norm(mode):
    pool = pools.make(50, sharpness=0.5, seed=2)
    norms = [sum(a * a for a in point) for point in gradients(pool)]
    chosen = select(pool, 5, mode=mode)
    assert int(chosen.picks[0]) == norms.index(max(norms))
    assert float(chosen.scores[0]) == pytest.approx(max(norms), rel=1e-4)


@pytest.mark.parametrize("mode", MODES)
def test_the_origin_is_no_centre(mode):
    """A short gradient at a right angle to the first pick is farther from it than from the origin."""
    pool = Pool(size=3, probs=torch.full((3, 2), 0.5), embeddings=torch.tensor([[10.0, 0.0], [0.0, 1.0], [0.0, 2.0]]))
    chosen = select(pool, 2, mode=mode)
    assert chosen.picks[0] == 0
    assert float(chosen.scores[1]) == pytest.approx((100 + float(chosen.picks[1]) ** 2) / 2)


@pytest.mark.parametrize("mode", MODES)
def test_candidates_without_gradient_fill_up_uniformly_and_once(mode):
    """Fifty of three hundred candidates carry gradient; a hundred picks are a hundred candidates."""
    pool = pools.make(300, sharpness=0.5)
    hard = torch.nn.functional.one_hot(pool.probs.argmax(1), 4).float()
    probs = torch.where((torch.arange(300) % 6 == 0)[:, None], pool.probs, hard)
    mixed = Pool(size=300, probs=probs, embeddings=pool.embeddings)
    chosen = select(mixed, 100, mode=mode)
    assert len(set(chosen.picks.tolist())) == 100
    # All candidates without gradient are one point, the origin: it is drawn once at most.
    informed = chosen.picks[chosen.scores > 0]
    assert 50 <= len(informed) <= 51
    assert chosen.notes == {"zero_gradients": 250, "uniform_picks": 100 - len(informed)}


@pytest.mark.parametrize("mode", MODES)
def test_all_gradients_zero_is_a_uniform_draw(mode):
    pool = pools.saturated()
    counts = torch.zeros(24)
    for seed in range(300):
        chosen = select(pool, 6, seed, mode)
        assert chosen.notes == {"zero_gradients": 24, "uniform_picks": 6}
        counts[chosen.picks] += 1
    assert counts.min() > 40 and counts.max() < 115  # 75 each, standard deviation 7.5


@pytest.mark.parametrize("mode", MODES)
def test_copies_are_drawn_once_before_the_uniform_fill(mode):
    """Real widths: rounding noise in the products must not make a copy of a pick drawable."""
    base = pools.make(30, classes=10, width=512, sharpness=0.02)
    pool = pools.take(pools.restrict(base, {"probs", "embeddings"}), torch.arange(120) % 30)
    chosen = select(pool, 60, mode=mode)
    assert sorted((chosen.picks[:30] % 30).tolist()) == list(range(30))
    assert chosen.notes == {"uniform_picks": 30}


def test_gradients_are_those_of_the_definition():
    pool = pools.make(20, sharpness=30.0)
    points = outer_products(residuals(pool.probs), pool.embeddings)
    left, hidden = points.factors
    formed = (left[:, :, None] * hidden[:, None, :]).flatten(1)
    torch.testing.assert_close(
        formed.double(), torch.tensor(gradients(pool), dtype=torch.float64), atol=2e-6, rtol=1e-4
    )
    torch.testing.assert_close(points.norms, formed.square().sum(1), atol=1e-9, rtol=1e-4)


def test_outer_products_have_the_distances_of_the_written_out_matrix():
    rng = torch.Generator().manual_seed(3)
    left, right = torch.randn(40, 3, generator=rng), torch.randn(40, 7, generator=rng)
    written = (left[:, :, None] * right[:, None, :]).flatten(1)
    points = outer_products(left, right)
    expected = torch.cdist(written.double(), written.double()).square()
    torch.testing.assert_close(among(points).double(), expected, atol=2e-4, rtol=1e-4)
    nearest = lower_(torch.full((40,), float("inf")), points, points[:6])
    torch.testing.assert_close(nearest.double(), expected[:, :6].amin(1), atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(among(vectors(written)).double(), expected, atol=2e-4, rtol=1e-4)


def test_fast_and_reference_batches_cover_alike():
    """The sum of squared distances left over is the objective of D² sampling; both modes reach the same on average."""
    pool = pools.make(400, classes=6, width=32, sharpness=0.3, seed=5)
    points = torch.tensor(gradients(pool))

    def left_over(mode: str) -> float:
        sums = [torch.cdist(points, points[select(pool, 40, s, mode).picks]).amin(1).square().sum() for s in range(12)]
        return float(torch.stack(sums).mean())

    assert left_over("fast") == pytest.approx(left_over("reference"), rel=0.05)


@pytest.mark.parametrize("mode", MODES)
def test_squares_that_float32_cannot_hold_are_not_taken_for_zero(mode):
    """A network as sure as logits 60 apart leaves residuals of 1e-26, whose squares are below every float32."""
    logits = torch.zeros(100, 3)
    logits[:, 0], logits[:, 1] = 60, torch.linspace(0, 3, 100)
    pool = Pool(size=100, probs=logits.softmax(1), embeddings=torch.rand(100, 16, generator=stream(0, "embeddings")))
    found = select(pool, 10, mode=mode)
    assert not found.notes and (found.scores > 0).all()
    norms = [squared(point, [0.0] * len(point)) for point in gradients(pool)]
    assert found.picks[0] == norms.index(max(norms))
