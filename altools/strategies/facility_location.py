r"""Facility location: images such that every image of the pool has a similar one among them.

.. math:: f(S) = \sum_{x \in U} \max_{a \in S} \max(\cos(h_x, h_a), 0) \quad \text{(greedy; recorded score: the gain)}

A negative cosine counts as 0, which is what the peers' empty set scores; a zero embedding is similar to nothing
(submodlib gives it a similarity of 1 to itself).
Uses neither probabilities nor the labelled set.

Reference: Wei, Iyer and Bilmes, 2015, "Submodularity in data subset selection and active learning" (ICML), for the
function; Nemhauser, Wolsey and Fisher, 1978, for greedy. This is what the public code of arXiv 2312.05751 ran under
the name SIMILAR (raw cosine with an empty set of 0, which is the same function); there its n² kernel of Python floats
did not fit for larger pools, and the last query crashed.
Cost: O(u² d) time in a few passes of matrix products, in memory O(u d) and at most 4 GiB: all similarities are kept
while they need at most 1 GiB, and the pairs that still matter while they are at most 2^27. With the budget a
fixed share of the pool this grows like u · b · d. See `altools.kernels.facility`. Draws no random numbers.
"""

from __future__ import annotations

from torch import Generator

from altools.kernels.facility import greedy
from altools.kernels.points import unit_vectors
from altools.kernels.represented import Objective
from altools.pool import Pool, Selection

NEEDS = frozenset({"embeddings"})


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick ``budget`` images greedily by how much better they represent the pool."""
    assert pool.embeddings is not None
    images = unit_vectors(pool.embeddings)
    picks, gains = greedy(Objective(candidates=images, represented=images), budget)
    return Selection(picks=picks, scores=gains, notes={"picks_without_gain": int((gains <= 0).sum())})
