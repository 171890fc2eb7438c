"""Labelled set and pool stay a partition of the training set, whatever is queried."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from altools.data.labelled import draw_initial, pool_rows
from altools.errors import UserError
from altools.rng import stream


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 60), st.data())
def test_rounds_partition_the_training_set(n, data):
    labelled = draw_initial(n, data.draw(st.integers(1, n)), stream(0, "initial labels"))
    for _ in range(4):
        pool = pool_rows(n, labelled)
        assert torch.equal(pool, pool.sort().values)
        assert sorted([*labelled.tolist(), *pool.tolist()]) == list(range(n))
        if not len(pool):
            break
        size = data.draw(st.integers(1, len(pool)))
        picks = torch.randperm(len(pool))[:size]
        labelled = torch.cat([labelled, pool[picks]])


def test_repeats_and_strangers_are_refused():
    with pytest.raises(UserError, match="must be distinct. Got 1 repeats"):
        pool_rows(5, torch.tensor([1, 1]))
    with pytest.raises(UserError, match=r"must lie in 0..4. Got 1..5"):
        pool_rows(5, torch.tensor([1, 5]))


def test_initial_sets_differ_by_seed_and_are_uniform():
    drawn = torch.stack([draw_initial(10, 3, stream(seed, "initial labels")) for seed in range(2000)])
    counts = torch.bincount(drawn.flatten(), minlength=10)
    assert counts.min() > 520 and counts.max() < 680
