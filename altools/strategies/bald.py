r"""BALD: query where the Monte-Carlo samples disagree most, each being sure of itself.

.. math:: s(x) = H\Big(\tfrac1m \sum_k p_k(x)\Big) - \tfrac1m \sum_k H(p_k(x)) \quad \text{(nats, largest first)}

Reference: Houlsby et al., 2011, "Bayesian active learning for classification and preference learning", eq. 2; with
dropout as the posterior: Gal, Islam and Ghahramani, 2017, "Deep Bayesian active learning with image data".
Differs: dropout before the last layer, at query time only. The public code of arXiv 2312.05751 runs networks without
dropout in training mode, where only batch statistics and augmentation vary; its scores are float noise of either sign.
Cost: O(u m c) time; the signal is u m c floats, extra memory is a block. Draws no random numbers.
"""

from __future__ import annotations

from torch import Generator

from altools.kernels.information import AGREEMENT_NATS, mutual_information
from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"mc_probs"})
OPTIONS = {"mc_samples": 10}


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick the ``budget`` candidates with the largest mutual information; note when there is none to be had."""
    assert pool.mc_probs is not None
    chosen = top_k(mutual_information(pool.mc_probs), budget)
    highest = float(chosen.scores[0])
    disagreement = {} if highest > AGREEMENT_NATS else {"no_disagreement": True, "highest_bald_nats": highest}
    return Selection(picks=chosen.picks, scores=chosen.scores, notes=chosen.notes | disagreement)
