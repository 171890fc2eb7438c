"""Spread of a query: SciPy's distances, one pair at a time, and what must hold of any query."""

import math

import numpy as np
import pytest
import torch
from scipy.spatial import distance

from altools.kernels import spread as kernel
from altools.kernels.spread import closest, spread
from altools.rng import stream

PICKS = torch.tensor([3, 8, 40, 41, 59])


@pytest.fixture
def pool():
    return torch.randn(60, 5, generator=stream(0, "pool")) * 3 + 7


def test_is_scipys_in_units_of_the_pools_mean_distance(pool):
    found = spread(pool, PICKS)
    rows, chosen = pool.double().numpy(), pool[PICKS].double().numpy()
    every, cover = distance.pdist(rows), distance.cdist(rows, chosen)
    assert found.mean_distance == pytest.approx(distance.pdist(chosen).mean() / every.mean(), rel=1e-5)
    assert found.coverage_radius == pytest.approx(cover.min(axis=1).max() / every.mean(), rel=1e-5)
    assert found.mean_coverage == pytest.approx(cover.min(axis=1).mean() / every.mean(), rel=1e-5)
    assert found.nearest.tolist() == cover.argmin(axis=1).tolist()
    near = distance.squareform(distance.pdist(chosen)) + 1e9 * np.eye(5) <= np.quantile(every, 0.001)
    assert found.duplicates == pytest.approx(near.any(axis=1).mean())


def test_two_picks_closer_than_nearly_all_pairs_are_near_duplicates(pool):
    pool[41] = pool[40] + 1e-3
    assert spread(pool, PICKS).duplicates == pytest.approx(2 / 5)
    assert spread(pool, PICKS[:3]).duplicates == 0


def test_lengths_do_not_depend_on_the_scale_or_the_origin_of_the_space(pool):
    one, other = spread(pool, PICKS), spread(pool * 1000 - 400, PICKS)
    for name in ("mean_distance", "coverage_radius", "mean_coverage", "duplicates"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-4), name


def test_random_picks_are_as_spread_out_as_the_pool():
    pool = torch.randn(1500, 8, generator=stream(0, "pool"))
    drawn = [
        spread(pool, torch.randperm(1500, generator=stream(seed, "picks"))[:60]).mean_distance for seed in range(20)
    ]
    assert np.mean(drawn) == pytest.approx(1, abs=0.02)


def test_pairs_of_a_large_query_are_sampled(pool, monkeypatch):
    monkeypatch.setattr(kernel, "SAMPLE", 20)
    few = spread(pool, torch.arange(60))
    assert few.mean_distance == 1 and few.coverage_radius == 0


def test_one_pick_has_no_mean_distance_and_stands_for_all(pool):
    found = spread(pool, PICKS[:1])
    assert math.isnan(found.mean_distance) and found.duplicates == 0
    assert found.nearest.unique().tolist() == [0]


def test_everything_equal_is_all_duplicates_and_no_distance():
    found = spread(torch.full((30, 4), 1e4), torch.tensor([2, 5, 9]))
    assert (found.mean_distance, found.coverage_radius, found.duplicates) == (0, 0, 1)
    assert found.nearest[[2, 5, 9]].tolist() == [0, 1, 2]


def test_members_are_disjoint_nearest_first_and_every_pick_stands_for_itself(pool):
    found = spread(pool, PICKS)
    members = closest(found, 60)
    assert sorted(torch.cat(members).tolist()) == list(range(60))
    for place, rows in enumerate(members):
        assert rows[0] == PICKS[place] and (found.nearest[rows] == place).all()
        assert (found.distance[rows].diff() >= 0).all()
    assert [rows.tolist() for rows in closest(found, 2)] == [rows[:2].tolist() for rows in members]
