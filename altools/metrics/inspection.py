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
from jaxtyping import Float, Int
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

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
    defect_score = np.delete(probs, ok, axis=1).sum(1)
    good_called_good, defects_called_good = float((~called)[~defect].mean()), float((~called)[defect].mean())
    return {
        "auroc": float(roc_auc_score(defect, defect_score)),
        "average_precision": float(average_precision_score(defect, defect_score)),
        "f1": float(f1_score(defect, called, zero_division=0)),
        "paper_f_score": 2 * good_called_good / (1 + good_called_good + defects_called_good),
    }
