"""Greedy k-center against its definition in float64, scikit-activeml, and itself at other block sizes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from altools import strategies
from altools.kernels.distances import centred, lower_
from altools.kernels.kcenter import farthest_first
from altools.kernels.points import vectors
from altools.pool import Pool
from tests import pools

RNG = torch.Generator()


def scalar_k_center(candidates: list[list[float]], labelled: list[list[float]], budget: int) -> list[int]:
    """Algorithm 1 of Sener and Savarese, one point at a time; the first of equals wins."""
    centres = list(labelled)
    picks: list[int] = []
    for _ in range(budget):
        best, best_distance = -1, -1.0
        for i, point in enumerate(candidates):
            if i in picks:
                continue
            distance = min(sum((a - b) ** 2 for a, b in zip(point, centre, strict=True)) for centre in centres)
            if distance > best_distance:
                best, best_distance = i, distance
        picks.append(best)
        centres.append(candidates[best])
    return picks


def select(embeddings: torch.Tensor, labelled: torch.Tensor, budget: int):
    pool = Pool(size=len(embeddings), embeddings=embeddings, labelled_embeddings=labelled)
    return strategies.load("coreset").select(pool, budget, RNG)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_picks_are_those_of_the_definition_on_integer_points_with_many_ties(data):
    size = data.draw(st.integers(2, 25))
    seed = data.draw(st.integers(0, 1000))
    levels = data.draw(st.sampled_from([2, 4, 50]))
    rng = torch.Generator().manual_seed(seed)
    points = torch.randint(0, levels, (size, 3), generator=rng).float()
    labelled = torch.randint(0, levels, (data.draw(st.integers(1, 4)), 3), generator=rng).float()
    budget = data.draw(st.integers(1, size))
    expected = scalar_k_center(points.tolist(), labelled.tolist(), budget)
    candidates, centres = (vectors(rows) for rows in centred(points, labelled))
    covered = lower_(torch.full((size,), float("inf")), candidates, centres)
    for block in (1, 2, 7, 256):
        picks, squared = farthest_first(candidates, covered, budget, block=block)
        assert picks.tolist() == expected, block
        assert squared.tolist() == sorted(squared.tolist(), reverse=True)


@pytest.mark.parametrize("offset", [0.0, 300.0])
def test_real_embeddings_far_from_the_origin_keep_the_float64_picks(offset):
    pool = pools.make(150, width=32, labelled=10, seed=1)
    assert pool.embeddings is not None and pool.labelled_embeddings is not None
    embeddings, labelled = pool.embeddings + offset, pool.labelled_embeddings + offset
    expected = scalar_k_center(embeddings.double().tolist(), labelled.double().tolist(), 12)
    assert select(embeddings, labelled, 12).picks.tolist() == expected


def test_the_score_is_the_distance_to_the_nearest_labelled_or_picked():
    chosen = select(torch.tensor([[0.0], [1.0], [5.0], [-3.0]]), torch.tensor([[0.0]]), 3)
    assert chosen.picks.tolist() == [2, 3, 1]
    assert chosen.scores.tolist() == [5.0, 3.0, 1.0]


def test_copies_of_labelled_and_picked_points_come_last_in_pool_order():
    """Rounding noise must not rank a copy before a new point, nor copies among themselves."""
    rng = torch.Generator().manual_seed(0)
    labelled = torch.randn(40, 512, generator=rng).relu()
    fresh = labelled[:5] + 0.05 * torch.randn(5, 512, generator=rng)
    chosen = select(torch.cat([labelled, fresh, fresh, labelled]), labelled, 60)
    assert sorted(chosen.picks[:5].tolist()) == [40, 41, 42, 43, 44]
    assert chosen.picks[5:].tolist() == [*range(40), *range(45, 60)]
    assert chosen.notes == {"zero_distance_picks": 55}


@pytest.mark.parametrize("block", [1, 2, 256])
def test_equal_candidates_are_picked_once_each_in_pool_order(block):
    points = vectors(torch.ones(9, 3))
    start = lower_(torch.full((9,), float("inf")), points, vectors(torch.zeros(1, 3)))
    picks, squared = farthest_first(points, start, 9, block=block)
    assert picks.tolist() == list(range(9))
    assert squared.tolist() == [3.0] + 8 * [0.0]


@pytest.mark.parametrize("block", [1, 16, 100, 256])
def test_block_size_is_irrelevant_on_random_embeddings(block):
    points = vectors(torch.randn(300, 64, generator=torch.Generator().manual_seed(2)).relu())
    start = lower_(torch.full((300,), float("inf")), points, points[:5])
    whole, _ = farthest_first(points, start, 80, block=299)
    assert farthest_first(points, start, 80, block=block)[0].tolist() == whole.tolist()


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_scikit_activeml_agrees():
    from skactiveml.pool import k_greedy_center

    rng = torch.Generator().manual_seed(4)
    embeddings = torch.randn(220, 16, generator=rng).relu()
    y = np.full(220, np.nan)
    y[200:] = 0
    theirs, _ = k_greedy_center(embeddings.double().numpy(), y, batch_size=50, random_state=0)
    assert select(embeddings[:200], embeddings[200:], 50).picks.tolist() == theirs.tolist()
