"""What a strategy from elsewhere returns is held to the promise before anything is written."""

import pytest
import torch

from altools.errors import UserError
from altools.pool import Selection
from altools.steps.query import _check

BROKEN = {
    "too few": ([0, 1], "Got 2 picks, 2 of them distinct, 0 outside, and 2 scores"),
    "none": ([], "Got 0 picks"),
    "twice the same": ([0, 1, 1], "3 picks, 2 of them distinct"),
    "beyond the pool": ([0, 1, 10], "1 outside"),
    "before the pool": ([0, 1, -1], "1 outside"),
}


@pytest.mark.parametrize(("picks", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_promise_is_one_sentence_with_what_came_instead(picks, said):
    selection = Selection(picks=torch.tensor(picks, dtype=torch.long), scores=torch.zeros(len(picks)))
    with pytest.raises(
        UserError, match=r"a strategy must pick 3 distinct positions in 0\.\.9 .*mine, seed 4"
    ) as refused:
        _check(selection, 3, 10, "mine, seed 4")
    assert said in str(refused.value)


def test_a_kept_promise_passes():
    _check(Selection(picks=torch.tensor([9, 0, 4]), scores=torch.zeros(3)), 3, 10, "mine, seed 4")
