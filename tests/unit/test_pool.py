"""Pool refuses broken signals in one sentence; top_k ranks stably."""

import pytest
import torch

from altools.errors import UserError
from altools.pool import Pool, top_k


def test_top_k_keeps_pool_order_among_equal_scores():
    chosen = top_k(torch.tensor([1.0, 3.0, 3.0, 3.0, 0.0]), 2)
    assert chosen.picks.tolist() == [1, 2]
    assert chosen.notes == {"tied_at_cut": 3}


def test_nan_embeddings_are_refused_with_position_and_job():
    embeddings = torch.zeros(5, 2)
    embeddings[3, 1] = float("nan")
    with pytest.raises(
        UserError, match=r"Pool.embeddings must be finite. Got 1 bad rows of 5, first at position 3 \(job\)"
    ):
        Pool(size=5, embeddings=embeddings, job_name="job")


def test_probabilities_must_sum_to_one():
    with pytest.raises(UserError, match="sum to one"):
        Pool(size=2, probs=torch.full((2, 3), 0.5))


def test_fewer_embeddings_than_candidates_are_refused():
    with pytest.raises(UserError, match="must have 3 rows"):
        Pool(size=3, embeddings=torch.zeros(2, 4))


def test_one_monte_carlo_sample_is_refused():
    with pytest.raises(UserError, match="at least 2 Monte-Carlo samples. Got 1"):
        Pool(size=2, mc_probs=torch.full((2, 1, 2), 0.5))


def test_infinite_distances_are_allowed_and_negative_ones_are_not():
    Pool(size=2, bim_distance=torch.tensor([0.0, float("inf")]))
    with pytest.raises(UserError, match="at least 0"):
        Pool(size=2, deepfool_distance=torch.tensor([-1.0, 1.0]))


def test_signals_that_tell_no_candidate_from_another_are_named():
    probs = torch.full((3, 2), 0.5)
    embeddings = torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.0, 3.0]])
    assert Pool(size=3, probs=probs, embeddings=embeddings, labelled_probs=probs[:1]).constant_signals() == ["probs"]
    assert Pool(size=1, probs=probs[:1]).constant_signals() == []
