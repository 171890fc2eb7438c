r"""FASS: among the most uncertain images, those that represent these best.

.. math:: F = \operatorname*{argmax}_{|F| = \min(u, \beta b)} \sum_{x \in F} \text{uncertainty}(x), \qquad
    f(S) = \sum_{x \in F} \max_{a \in S \subseteq F} \max(\cos(h_x, h_a), 0)

Reference: Wei, Iyer and Bilmes, 2015, "Submodularity in data subset selection and active learning" (ICML),
Algorithm 1 (filtered active submodular selection) with facility location.
Differs: the paper's submodular term uses hypothesised labels (similarity only within a predicted class); like the
public code of arXiv 2312.05751 and DISTIL, this one does not. When β b reaches the pool size the filter lets everyone
through and this is `facility_location` (noted as ``filter_is_pool``).
Cost: O(u c) and facility location on f = min(u, β b) images: O(f² d) time, memory as there; f² = β b · f keeps this
below β · u · b · d. Draws no random numbers. Recorded score: the gain of the pick.
"""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge
from torch import Generator

from altools.kernels.facility import greedy
from altools.kernels.points import unit_vectors
from altools.kernels.represented import Objective
from altools.kernels.uncertainty import entropy, least_confidence, margin_uncertainty
from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"probs", "embeddings"})
SCORES = {"entropy": entropy, "margin": margin_uncertainty, "least_confidence": least_confidence}


def select(
    pool: Pool,
    budget: int,
    rng: Generator,
    *,
    beta: Annotated[float, Ge(1)] = 5.0,
    uncertainty: Literal["entropy", "margin", "least_confidence"] = "entropy",
) -> Selection:
    """Pick ``budget`` of the ``beta * budget`` most uncertain candidates greedily by representation."""
    assert pool.probs is not None and pool.embeddings is not None
    size = min(pool.size, round(beta * budget))
    doubtful = top_k(SCORES[uncertainty](pool.probs), size)
    considered = doubtful.picks.sort().values
    images = unit_vectors(pool.embeddings[considered])
    picks, gains = greedy(Objective(candidates=images, represented=images), budget)
    notes = {"filter_is_pool": size == pool.size, "picks_without_gain": int((gains <= 0).sum())}
    return Selection(picks=considered[picks], scores=gains, notes=doubtful.notes | notes)
