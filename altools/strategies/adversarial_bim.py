r"""Adversarial (BIM): query the images that the smallest BIM perturbation takes to another prediction.

.. math:: s(x) = \lVert r(x) \rVert_2^2 \quad \text{(smallest first, equal ones by margin; recorded score: } -s\text{)}

Reference: Kurakin, Goodfellow and Bengio, 2017, "Adversarial examples in the physical world", section 2.2
(`altools.kernels.adversarial.bim`); as a query strategy it is known from public code only (DISTIL).
Differs: distances in pixel units; images that never flip rank last. In the public code of arXiv 2312.05751 their
distance is finite, and the many equal distances (sign steps are counted) keep an arbitrary order.
Cost: O(u log u) to rank; the distances are a pass over the pool of their own. Draws no random numbers.
"""

from __future__ import annotations

from torch import Generator

from altools.kernels.flip_order import nearest_first, tie_notes
from altools.kernels.uncertainty import margin_uncertainty
from altools.pool import Pool, Selection

NEEDS = frozenset({"bim_distance", "probs"})


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick the ``budget`` candidates nearest to another prediction; those that never flip come last."""
    assert pool.bim_distance is not None
    assert pool.probs is not None
    picks = nearest_first(pool.bim_distance, margin_uncertainty(pool.probs))[:budget]
    return Selection(picks=picks, scores=-pool.bim_distance[picks], notes=tie_notes(pool.bim_distance))
