r"""Core-set: query so that no candidate is far from a labelled one (greedy k-center).

.. math:: i_{t+1} = \operatorname{arg\,max}_i \min_{j \in L \cup \{i_1..i_t\}} \lVert h(x_i) - h(x_j) \rVert_2

The recorded score is that distance. ``notes["zero_distance_picks"]`` counts picks that equal a labelled or picked
candidate, which happens only when there is nothing else left. With nothing labelled the first pick is the first
candidate, infinitely far from the empty set.

Reference: Sener and Savarese, 2018, "Active learning for convolutional neural networks: a core-set approach",
Algorithm 1 (k-Center-Greedy). Differs from the paper: without its robust variant (a mixed-integer program that
discards outliers). The public code of arXiv 2312.05751 also runs the greedy rule, but holds the pool x labelled matrix.
Cost: O(u (l + b) d) time in matrix products, O(u d) memory. Draws no random numbers; ties go to the lowest position.
"""

from __future__ import annotations

import torch
from torch import Generator

from altools.kernels.distances import centred, lower_
from altools.kernels.kcenter import farthest_first
from altools.kernels.points import vectors
from altools.pool import Pool, Selection

NEEDS = frozenset({"embeddings", "labelled_embeddings"})


def select(pool: Pool, budget: int, rng: Generator) -> Selection:
    """Pick the candidate farthest from everything labelled or picked, ``budget`` times."""
    assert pool.embeddings is not None and pool.labelled_embeddings is not None
    candidates, labelled = (vectors(rows) for rows in centred(pool.embeddings, pool.labelled_embeddings))
    covered = lower_(torch.full_like(candidates.norms, float("inf")), candidates, labelled)
    picks, squared = farthest_first(candidates, covered, budget)
    zeros = int((squared == 0).sum())
    return Selection(picks=picks, scores=squared.sqrt(), notes={"zero_distance_picks": zeros} if zeros else {})
