"""Uncertainty scores on rows a reader can check by eye."""

import math

import pytest
import torch

from altools import strategies
from altools.kernels.uncertainty import entropy, least_confidence, margin_uncertainty
from altools.pool import Pool

PROBS = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.4, 0.3, 0.3], [0.7, 0.2, 0.1]])


def test_a_certain_row_has_no_entropy_and_even_halves_have_log_two():
    assert entropy(PROBS)[:2].tolist() == pytest.approx([0.0, math.log(2)])


def test_least_confidence_is_what_the_top_class_leaves():
    assert least_confidence(PROBS).tolist() == pytest.approx([0.0, 0.5, 0.6, 0.3])


def test_margin_is_the_gap_of_the_top_two():
    assert (1 - margin_uncertainty(PROBS)).tolist() == pytest.approx([1.0, 0.0, 0.1, 0.5])


@pytest.mark.parametrize(
    ("name", "picks"), [("entropy", [2, 3]), ("least_confidence", [2, 1]), ("margin", [1, 2])], ids=str
)
def test_picks_come_most_uncertain_first(name, picks):
    chosen = strategies.load(name).select(Pool(size=4, probs=PROBS), 2, torch.Generator())
    assert chosen.picks.tolist() == picks


def test_random_picks_follow_the_stream_alone():
    select = strategies.load("random").select
    first, again, other = (
        select(Pool(size=50), 10, torch.Generator().manual_seed(s)).picks.tolist() for s in (1, 1, 2)
    )
    assert first == again != other
