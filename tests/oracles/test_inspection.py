"""Inspection metrics agree with their definitions, and with the paper's formulas written one by one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from altools.errors import UserError
from altools.metrics import inspection

CLASSES = ["Crack", "OK", "Pothole"]


@st.composite
def cases(draw):
    """Coarse probabilities, so that ties are frequent, and both sides present."""
    n = draw(st.integers(2, 40))
    rows = draw(st.lists(st.tuples(*[st.integers(0, 3)] * 3).filter(any), min_size=n, max_size=n))
    probs = np.array(rows, dtype=np.float64)
    probs /= probs.sum(1, keepdims=True)
    labels = np.array([0, 1, *draw(st.lists(st.integers(0, 2), min_size=n - 2, max_size=n - 2))])
    return probs, labels


@settings(deadline=None)
@given(cases())
def test_agrees_with_the_definitions(case):
    probs, labels = case
    numbers = inspection.score(probs, labels, CLASSES, ok_class="OK")
    defect, scores, called = labels != 1, np.delete(probs, 1, axis=1).sum(1), probs.argmax(1) != 1
    wins = [1.0 * (bad > good) + 0.5 * (bad == good) for bad in scores[defect] for good in scores[~defect]]
    assert numbers["auroc"] == pytest.approx(np.mean(wins))
    recalls, precisions = [0.0], []
    for threshold in sorted(set(scores), reverse=True):
        found = scores >= threshold
        recalls.append(float(defect[found].sum() / defect.sum()))
        precisions.append(float(defect[found].mean()))
    assert numbers["average_precision"] == pytest.approx(np.diff(recalls) @ precisions)
    hits = int((called & defect).sum())
    assert numbers["f1"] == pytest.approx(2 * hits / (called.sum() + defect.sum()))


@settings(deadline=None)
@given(cases())
def test_paper_f_score_is_the_formula_of_its_code(case):
    probs, labels = case
    right_ok = [probs[row].argmax() == 1 for row in range(len(labels)) if labels[row] == 1]
    right_ng = [probs[row].argmax() != 1 for row in range(len(labels)) if labels[row] != 1]
    true_positive, true_negative = sum(right_ok) / len(right_ok), sum(right_ng) / len(right_ng)
    expected = 0.0
    if true_positive > 0:
        precision = true_positive / (true_positive + 1 - true_negative)
        expected = 2 * precision * true_positive / (precision + true_positive)
    assert inspection.score(probs, labels, CLASSES, ok_class="OK")["paper_f_score"] == pytest.approx(expected)


def test_the_papers_recorded_example():
    # KSDD2 in its run log: 877 of 894 OK and 58 of 110 NG right gave .800; standard F1 of NG is .627.
    labels = np.repeat([1, 0], [894, 110])
    called = np.concatenate([np.repeat([1, 0], [877, 17]), np.repeat([0, 1], [58, 52])])
    numbers = inspection.score(np.eye(2)[called], labels, ["NG", "OK"], ok_class="OK")
    assert round(numbers["paper_f_score"], 3) == 0.800
    assert round(numbers["f1"], 3) == 0.627


def test_always_saying_ok_scores_two_thirds_in_the_paper_and_zero_here():
    numbers = inspection.score(np.eye(2)[[1, 1, 1]], np.array([0, 1, 1]), ["NG", "OK"], ok_class="OK")
    assert numbers == {"auroc": 0.5, "average_precision": pytest.approx(1 / 3), "f1": 0.0, "paper_f_score": 2 / 3}


def test_another_defect_than_the_true_one_counts_as_found():
    numbers = inspection.score(np.eye(3)[[2, 1]], np.array([0, 1]), CLASSES, ok_class="OK")
    assert numbers["f1"] == numbers["paper_f_score"] == 1.0


def test_one_sided_test_set_is_nan_and_an_unknown_class_is_refused():
    numbers = inspection.score(np.eye(2)[[1, 1]], np.array([1, 1]), ["NG", "OK"], ok_class="OK")
    assert all(math.isnan(value) for value in numbers.values())
    with pytest.raises(UserError, match="ok_class must be one of: NG, OK. Got 'good'"):
        inspection.score(np.eye(2), np.array([0, 1]), ["NG", "OK"], ok_class="good")
