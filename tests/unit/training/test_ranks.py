"""What the processes that train one network together exchange."""

import pytest
import torch

from altools.training.ranks import Ranks


@pytest.mark.parametrize(("size", "count"), [(1, 7), (2, 7), (3, 7), (4, 2)])
def test_ranks_share_a_batch_completely_and_once(size, count):
    batch = torch.arange(10, 10 + count)
    shares = [Ranks(rank, size).share(batch) for rank in range(size)]
    seen = torch.cat([rows[weight > 0] for rows, weight in shares])
    assert sorted(seen.tolist()) == batch.tolist()
    assert all(len(rows) for rows, _ in shares)
