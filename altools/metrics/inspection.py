r"""Visual inspection: how well defects are told from good parts, every defect class counted as positive.

A part's score is the sum of its defect classes' probabilities; it is called defective where the likeliest class is not
``ok_class``, whichever defect that is. The paper's code has an F-score of its own, with the good class as positive and
rates in place of counts, so that both classes weigh the same:

.. math:: P = \frac{t}{t + f}, \quad R = t, \quad F = \frac{2PR}{P + R} = \frac{2t}{1 + t + f}

with t the share of good parts called good and f the share of defects called good. Calling everything good gives 2/3,
so it cannot be compared with F1; it is given as ``paper_f_score``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from altools.errors import UserError


def score(
    probs: Float[np.ndarray, "n c"],
    labels: Int[np.ndarray, " n"],
    classes: Sequence[str],
    *,
    ok_class: str,
) -> dict[str, float]:
    """Return AUROC, average precision, F1, and the paper's F-score; all NaN where a side has no test images."""
    if ok_class not in classes:
        raise UserError(f"metric_options.inspection.ok_class must be one of: {', '.join(classes)}. Got {ok_class!r}.")
    ok = list(classes).index(ok_class)
    defect, called = labels != ok, probs.argmax(1) != ok
    if defect.all() or not defect.any():
        return dict.fromkeys(("auroc", "average_precision", "f1", "paper_f_score"), float("nan"))
    # The sum, not 1 - p(ok): a subtraction loses the order of scores below 1e-16.
    hits, alarms = counts_by_threshold(np.delete(probs, ok, axis=1).sum(1), defect)
    good_called_good, defects_called_good = float((~called)[~defect].mean()), float((~called)[defect].mean())
    return {
        "auroc": area_under_roc(hits, alarms),
        "average_precision": average_precision(hits, alarms),
        "f1": float(2 * (called & defect).sum() / (called.sum() + defect.sum())),
        "paper_f_score": 2 * good_called_good / (1 + good_called_good + defects_called_good),
    }


def counts_by_threshold(
    scores: Float[np.ndarray, " n"], positive: Bool[np.ndarray, " n"]
) -> tuple[Int[np.ndarray, " t"], Int[np.ndarray, " t"]]:
    """Return true and false positives at each distinct score as the threshold, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    hits = np.cumsum(positive[order])[last_of_ties]
    return hits, last_of_ties + 1 - hits


def area_under_roc(hits: Int[np.ndarray, " t"], alarms: Int[np.ndarray, " t"]) -> float:
    """Return the area under the trapezoids between the points, ties counted half."""
    heights = np.concatenate([[0], hits]) / hits[-1]
    return float(np.trapezoid(heights, np.concatenate([[0], alarms]) / alarms[-1]))


def average_precision(hits: Int[np.ndarray, " t"], alarms: Int[np.ndarray, " t"]) -> float:
    """Return the mean of the precisions, each weighted with the recall it adds."""
    return float((np.diff(hits, prepend=0) * hits / (hits + alarms)).sum() / hits[-1])
