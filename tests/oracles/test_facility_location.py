"""Facility location and FASS against a scalar greedy, submodlib and apricot, and in other blocks and storages."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from altools.kernels import facility, represented
from altools.kernels.facility import greedy
from altools.kernels.points import outer_products, unit_rows, unit_vectors
from altools.kernels.represented import Objective
from altools.pool import Pool
from altools.strategies import facility_location, fass


def pool_of(u: int, seed: int, d: int = 6, classes: int = 4, relu: bool = False) -> Pool:
    draw = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(u, d, generator=draw)
    probs = torch.softmax(2 * torch.randn(u, classes, generator=draw), 1)
    return Pool(size=u, probs=probs, embeddings=embeddings.relu() if relu else embeddings)


def kernel(x: torch.Tensor) -> np.ndarray:
    x = x.double().numpy()
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    unit = x / np.where(norm == 0, 1, norm)
    return np.maximum(unit @ unit.T, 0)


def scalar_greedy(similarity: np.ndarray, budget: int) -> tuple[list[int], list[float]]:
    """f(S) = sum_x max_{a in S} s(x, a), f({}) = 0, one candidate and one point at a time."""

    def value(chosen: list[int]) -> float:
        return sum(max((similarity[x][a] for a in chosen), default=0.0) for x in range(len(similarity)))

    picks: list[int] = []
    gains = []
    for _ in range(budget):
        now = value(picks)
        gain = {a: value([*picks, a]) - now for a in range(len(similarity)) if a not in picks}
        best = max(gain, key=lambda a: (gain[a], -a))
        picks.append(best)
        gains.append(gain[best])
    return picks, gains


def assert_greedy(similarity: np.ndarray, picks: list[int], gains: list[float]) -> None:
    """Each pick is a best one after those before it; two points that only serve each other tie up to rounding."""
    assert len(set(picks)) == len(picks)
    cover = np.zeros(similarity.shape[1])
    for at, pick in enumerate(picks):
        gain = np.maximum(similarity - cover, 0).sum(1)
        gain[picks[:at]] = -1
        assert gain[pick] >= gain.max() - 1e-5
        assert gains[at] == pytest.approx(gain[pick], rel=1e-5, abs=1e-5)
        cover = np.maximum(cover, similarity[pick])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("relu", [False, True])
def test_definition(seed, relu):
    pool = pool_of(25, seed, relu=relu)
    picks, gains = scalar_greedy(kernel(pool.embeddings), 8)
    found = facility_location.select(pool, 8, torch.Generator())
    assert found.picks[:5].tolist() == picks[:5]
    assert found.scores.tolist() == pytest.approx(gains, abs=1e-5)
    assert_greedy(kernel(pool.embeddings), found.picks.tolist(), found.scores.tolist())


@pytest.mark.parametrize("uncertainty", ["entropy", "margin", "least_confidence"])
def test_fass_definition(uncertainty):
    pool = pool_of(40, 7)
    score = {
        "entropy": lambda row: -sum(p * math.log(p) for p in row),
        "margin": lambda row: sorted(row)[-2] - sorted(row)[-1],
        "least_confidence": lambda row: -max(row),
    }[uncertainty]
    scores = [score(row) for row in pool.probs.tolist()]
    kept = sorted(sorted(range(40), key=lambda i: -scores[i])[:15])
    picks, _ = scalar_greedy(kernel(pool.embeddings[kept]), 6)
    found = fass.select(pool, 6, torch.Generator(), beta=2.5, uncertainty=uncertainty)
    assert set(found.picks.tolist()) <= set(kept)
    assert found.picks[:3].tolist() == [kept[i] for i in picks[:3]]
    inside = [kept.index(i) for i in found.picks.tolist()]
    assert_greedy(kernel(pool.embeddings[kept]), inside, found.scores.tolist())
    assert found.notes["filter_is_pool"] is False


def test_fass_with_a_filter_as_large_as_the_pool_is_facility_location():
    pool = pool_of(40, 8)
    found = fass.select(pool, 10, torch.Generator(), beta=4.0)
    assert found.picks.tolist() == facility_location.select(pool, 10, torch.Generator()).picks.tolist()
    assert found.notes["filter_is_pool"] is True


def test_fass_with_beta_one_takes_the_most_uncertain():
    pool = Pool(
        size=4,
        probs=torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.6, 0.4], [0.0, 1.0]]),
        embeddings=torch.eye(4),
    )
    assert sorted(fass.select(pool, 2, torch.Generator(), beta=1.0).picks.tolist()) == [1, 2]


def small_tiles(patch, tile):
    for name, size in (("TILE", tile), ("SIDE", 16), ("BAND", 4)):
        patch.setattr(represented, name, size)
    patch.setattr(facility, "TILE", tile)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 9999),
    u=st.integers(2, 80),
    r=st.integers(1, 60),
    budget=st.integers(1, 80),
    block=st.sampled_from([1, 2, 7, 64]),
    tile=st.sampled_from([64, facility.TILE]),
    keep=st.booleans(),
    pairs=st.sampled_from([0, 1 << 20]),
    shifted=st.booleans(),
)
@example(seed=0, u=80, r=60, budget=80, block=1, tile=64, keep=False, pairs=0, shifted=True)  # bounds updated often
@example(seed=1, u=80, r=60, budget=80, block=1, tile=64, keep=True, pairs=0, shifted=False)
def test_blocks_storage_caps_and_floors_change_nothing(seed, u, r, budget, block, tile, keep, pairs, shifted):
    budget = min(budget, u)
    draw = torch.Generator().manual_seed(seed)
    one, two, three, four = (unit_rows(torch.randn(n, 5, generator=draw).double())[0] for n in (u, u, r, r))
    candidates = outer_products(one, two, shifted=shifted)
    points = outer_products(three, four, shifted=shifted)
    cap, floor = torch.rand(2, r, generator=draw).double()
    bonus = torch.rand(u, generator=draw).double()
    objective = Objective(candidates=candidates, represented=points, cap=cap, floor=floor, bonus=bonus)
    similarity = (one @ three.T) * (two @ four.T)
    similarity = (1 + similarity) / 2 if shifted else similarity.clamp_min(0)
    picks, cover = [], floor
    for _ in range(budget):
        gain = (torch.minimum(similarity, cap) - cover).clamp_min(0).sum(1) + bonus
        gain[picks] = -1
        picks.append(int(gain.argmax()))
        cover = torch.maximum(cover, torch.minimum(similarity[picks[-1]], cap))
    with pytest.MonkeyPatch.context() as patch:
        small_tiles(patch, tile)  # small: few leaders at a time, so bounds are brought up to date instead
        found, gains = greedy(objective, budget, block=block, keep_bytes=1 << 30 if keep else 0, pairs=pairs)
    assert found.tolist() == picks
    assert float(gains.sum()) == pytest.approx(float((cover - floor).sum() + bonus[found].sum()), abs=1e-9)


def test_a_larger_pool_goes_through_pairs_and_stays_greedy(monkeypatch):
    x = pool_of(600, 1, d=16, relu=True).embeddings
    made = []
    original = represented.Pairs.of
    monkeypatch.setattr(represented.Pairs, "of", staticmethod(lambda *a: made.append(1) or original(*a)))
    small_tiles(monkeypatch, 4096)
    for keep_bytes in (0, 1 << 30):
        objective = Objective(candidates=unit_vectors(x), represented=unit_vectors(x))
        found, gains = greedy(objective, 120, keep_bytes=keep_bytes)
        assert_greedy(kernel(x), found.tolist(), gains.tolist())
    assert made


def test_copies_and_zero_embeddings_are_picked_once_each_and_last():
    x = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
    found = facility_location.select(Pool(size=5, embeddings=x), 4, torch.Generator())
    assert found.picks.tolist() == [1, 3, 0, 2]
    assert found.notes["picks_without_gain"] == 2


@pytest.mark.parametrize("keep_bytes", [0, 1 << 30])
def test_more_ties_than_a_block_holds_still_end(keep_bytes):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(4, 16, generator=draw).repeat(75, 1) * torch.rand(300, 1, generator=draw).add(0.1)
    objective = Objective(candidates=unit_vectors(x), represented=unit_vectors(x))
    found, gains = greedy(objective, 250, keep_bytes=keep_bytes, block=8)
    assert len(set(found.tolist())) == 250
    assert (gains[:4] > 1).all() and (gains[4:] < 1e-3).all()


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(3))
def test_submodlib(seed):
    from submodlib import FacilityLocationFunction

    pool = pool_of(150, seed, d=16, relu=bool(seed % 2))
    peer = FacilityLocationFunction(n=150, mode="dense", data=pool.embeddings.numpy(), metric="cosine")
    expected = peer.maximize(budget=40, optimizer="NaiveGreedy", show_progress=False)
    found = facility_location.select(pool, 40, torch.Generator())
    assert found.picks[:8].tolist() == [pick for pick, _ in expected][:8]
    assert found.scores.tolist() == pytest.approx([gain for _, gain in expected], abs=1e-4)
    assert float(found.scores.sum()) == pytest.approx(sum(gain for _, gain in expected), rel=1e-5)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_apricot():
    from apricot import FacilityLocationSelection

    pool = pool_of(150, 5)
    peer = FacilityLocationSelection(40, metric="precomputed", optimizer="lazy").fit(kernel(pool.embeddings))
    found = facility_location.select(pool, 40, torch.Generator())
    assert found.picks[:8].tolist() == peer.ranking[:8].tolist()
    assert found.scores.tolist() == pytest.approx(peer.gains.tolist(), abs=1e-4)
