"""BALD and BatchBALD on pools small enough to work out by hand."""

import math

import pytest
import torch

from altools.pool import Pool
from altools.rng import stream
from altools.strategies import bald, batchbald

SURE = [[1.0, 0.0], [1.0, 0.0]]
UNSURE = [[0.5, 0.5], [0.5, 0.5]]
TORN = [[1.0, 0.0], [0.0, 1.0]]


def pool(*candidates):
    return Pool(size=len(candidates), mc_probs=torch.tensor(candidates))


def test_bald_wants_samples_that_disagree_not_samples_that_are_unsure():
    chosen = bald.select(pool(SURE, UNSURE, TORN), 1, stream(0, "query"))
    assert chosen.picks.tolist() == [2]
    assert chosen.scores.tolist() == pytest.approx([math.log(2)])
    assert chosen.notes == {}


def test_bald_notes_that_no_samples_disagree():
    chosen = bald.select(pool(SURE, UNSURE, SURE), 2, stream(0, "query"))
    assert chosen.notes["no_disagreement"] is True
    assert chosen.picks.tolist() == [0, 1]


def test_batchbald_knows_that_a_copy_adds_nothing():
    chosen = batchbald.select(pool(TORN, TORN, UNSURE), 2, stream(0, "query"))
    assert chosen.picks.tolist() == [0, 1]
    assert chosen.notes["informed_picks"] == 1
    assert chosen.notes["stopped_by"] == "saturation"
    assert chosen.notes["information_nats"] == pytest.approx(math.log(2))


def test_batchbald_prefers_a_second_question_to_the_same_one_again():
    high, low = [1.0, 0.0], [0.0, 1.0]
    first_half, alternating = [high, high, low, low], [high, low, high, low]
    chosen = batchbald.select(pool(first_half, first_half, alternating, first_half), 2, stream(0, "query"))
    assert chosen.picks.tolist() == [0, 2]
    assert chosen.notes["information_nats"] == pytest.approx(math.log(4))


def test_batchbald_without_disagreement_takes_the_pool_in_order_and_says_so():
    chosen = batchbald.select(pool(SURE, UNSURE, SURE, UNSURE), 3, stream(0, "query"))
    assert chosen.picks.tolist() == [0, 1, 2]
    assert chosen.notes["informed_picks"] == 0
    assert chosen.notes["stopped_by"] == "no disagreement"
