r"""k-means: cluster the candidates into ``budget`` clusters and query the member nearest to each centre.

.. math:: i_j = \arg\min_{i:\, a(i) = j} \lVert h(x_i) - c_j \rVert, \quad a(i) = \arg\min_j \lVert h(x_i) - c_j \rVert

with centres c by k-means++ and Lloyd's iterations. The recorded score is minus the distance to the centre. Clusters
are disjoint, so picks are distinct. Where fewer clusters than ``budget`` have members (copies among the candidates),
the rest are the unpicked candidates farthest from their centres, ties by lowest position;
``notes["empty_clusters"]`` counts them.

Reference: Zhdanov, 2019, "Diverse mini-batch active learning", without its weights. Differs from the public code of
arXiv 2312.05751: one start in place of the best of ten, and a named stream in place of NumPy's global generator.
Cost: O(u b d) time per iteration in matrix products, O((u + b) d) memory. Random numbers: the seeding's
(`altools.kernels.seeding.in_blocks`).
"""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Generator

from altools.kernels.distances import centred
from altools.kernels.lloyd import Clusters, k_means
from altools.pool import Pool, Selection

NEEDS = frozenset({"embeddings"})


def select(pool: Pool, budget: int, rng: Generator, *, iterations: Annotated[int, Ge(1)] = 300) -> Selection:
    """Pick the member nearest to each of ``budget`` centres."""
    assert pool.embeddings is not None
    (rows,) = centred(pool.embeddings)
    clusters = k_means(rows, budget, rng, iterations=iterations)
    return nearest_members(clusters, budget)


def nearest_members(clusters: Clusters, budget: int) -> Selection:
    """Pick the nearest member of every cluster in the order of the centres, then fill up with the farthest points."""
    count = len(clusters.centres)
    positions = torch.arange(len(clusters.labels), device=clusters.labels.device)
    least = clusters.squared.new_full((count,), float("inf"))
    least = least.scatter_reduce(0, clusters.labels, clusters.squared, "amin")
    is_nearest = clusters.squared == least[clusters.labels]
    candidates = torch.where(is_nearest, positions, len(positions))
    picks = positions.new_full((count,), len(positions)).scatter_reduce(0, clusters.labels, candidates, "amin")
    picks = picks[picks < len(positions)]
    missing = budget - len(picks)
    if missing:
        rest = clusters.squared.clone()
        rest[picks] = -float("inf")
        picks = torch.cat([picks, rest.sort(descending=True, stable=True).indices[:missing]])
    notes = {"empty_clusters": missing} if missing else {}
    return Selection(picks=picks, scores=-clusters.squared[picks].sqrt(), notes=notes)
