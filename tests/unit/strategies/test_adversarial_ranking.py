"""The adversarial strategies rank distances; ties go to the smaller margin, never-flipped candidates last."""

import math

import pytest
import torch

from altools.pool import Pool
from altools.rng import stream
from altools.strategies import adversarial_bim, adversarial_deepfool

STRATEGIES = [(adversarial_bim, "bim_distance"), (adversarial_deepfool, "deepfool_distance")]


def pool_of(signal, distance, confidence):
    top = torch.tensor(confidence)
    return Pool(size=len(distance), probs=torch.stack([top, 1 - top], 1), **{signal: torch.tensor(distance)})


@pytest.mark.parametrize(("strategy", "signal"), STRATEGIES)
def test_nearest_first_then_smallest_margin_then_pool_order(strategy, signal):
    pool = pool_of(signal, [4.0, 1.0, 1.0, 0.5, 1.0, 9.0], [0.9, 0.9, 0.6, 0.99, 0.6, 0.5])
    chosen = strategy.select(pool, 5, stream(0, "query"))
    assert chosen.picks.tolist() == [3, 2, 4, 1, 0]
    assert chosen.scores.tolist() == [-0.5, -1.0, -1.0, -1.0, -4.0]
    assert chosen.notes == {"never_flipped_share": 0.0, "distinct_distances": 4, "tied_share": 0.5}


@pytest.mark.parametrize(("strategy", "signal"), STRATEGIES)
def test_candidates_that_never_flip_come_last_by_margin(strategy, signal):
    pool = pool_of(signal, [math.inf, 7.0, math.inf, math.inf], [0.8, 0.9, 0.6, 0.7])
    chosen = strategy.select(pool, 3, stream(0, "query"))
    assert chosen.picks.tolist() == [1, 2, 3]
    assert chosen.notes["never_flipped_share"] == 0.75


@pytest.mark.parametrize(("strategy", "signal"), STRATEGIES)
def test_margins_do_not_outweigh_tiny_differences_of_distance(strategy, signal):
    pool = pool_of(signal, [1.0 + 1e-6, 1.0, 5.0], [0.5, 1.0, 0.5])
    assert strategy.select(pool, 2, stream(0, "query")).picks.tolist() == [1, 0]
