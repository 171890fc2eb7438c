"""Metrics against scikit-learn, and what is undefined is NaN."""

import math

import numpy as np
import pytest
from sklearn import metrics as sk

from altools.metrics import score_all
from altools.plotting import style
from altools.statistics import curves

CLASSES = ["a", "b", "c"]


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    return rng.dirichlet([1, 1, 1], 200), rng.integers(0, 3, 200)


def test_they_equal_scikit_learns(predictions):
    probs, labels = predictions
    ours = score_all({"classification": {}, "calibration": {"bins": 10}}, probs, labels, CLASSES)
    predicted = probs.argmax(1)
    assert ours["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted))
    assert ours["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(labels, predicted))
    assert ours["macro_f1"] == pytest.approx(sk.f1_score(labels, predicted, average="macro"))
    assert ours["log_loss"] == pytest.approx(sk.log_loss(labels, probs))
    recalls = sk.recall_score(labels, predicted, average=None)
    assert [ours[f"recall/{name}"] for name in CLASSES] == pytest.approx(recalls)


def test_calibration_error_by_hand():
    probs = np.array([[0.95, 0.05, 0], [0.95, 0.05, 0], [0.4, 0.35, 0.25], [0.4, 0.35, 0.25]])
    ours = score_all({"calibration": {"bins": 10}}, probs, np.array([0, 1, 0, 1]), CLASSES)
    assert ours["ece"] == pytest.approx(0.5 * abs(0.95 - 0.5) + 0.5 * abs(0.4 - 0.5))


def test_a_class_without_test_images_is_nan_and_left_out_of_means(predictions):
    probs, _ = predictions
    ours = score_all({"classification": {}}, probs, np.zeros(200, dtype=np.int64), CLASSES)
    assert math.isnan(ours["recall/b"]) and ours["balanced_accuracy"] == ours["accuracy"]


def test_less_is_better_where_the_module_says_so(predictions):
    probs, labels = predictions
    given = score_all(
        {"classification": {}, "calibration": {}, "inspection": {"ok_class": "a"}}, probs, labels, CLASSES
    )
    assert {name for name in given if curves.direction(name) < 0} == {"log_loss", "ece"}
    assert {name for name in given if not style.is_share(name)} == {"log_loss"}
