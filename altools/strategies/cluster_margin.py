r"""Cluster-Margin: among the smallest margins, one random image of every cluster in turn, rarest clusters first.

.. math:: M = \operatorname*{argmin}_{|M| = k_m} \sum_{x \in M} p_{(1)}(x) - p_{(2)}(x), \qquad
    k_m = \min(u, \text{candidates} \cdot b)

The pool is clustered once, at the first query, by average linkage on cosine distance; later queries use the same
clusters. The candidates M are grouped by cluster, the groups sorted by their size (ties by cluster number), and
visited round robin, each visit taking a random member, until b are taken; used-up groups are passed over.

Reference: Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh and Kumar, 2021, "Batch active learning at
scale" (arXiv 2107.14263), Algorithm 2.
Options: ``candidates`` is k_m / b; the paper takes 10 for Open Images and 1.25 for CIFAR and SVHN. With queries of a
tenth of the pool, 10 means every image is a candidate and margins decide nothing (noted as ``candidates_are_pool``).
``images_per_cluster`` fixes the number of clusters, round(u / images_per_cluster), at the first query; the default
makes as many as a query of a tenth of the pool has picks, so that one turn of the round robin can serve it.
Differs: the paper cuts the dendrogram at a distance it does not state; a number of clusters needs no tuning per model.
The public code of arXiv 2312.05751 cuts at 1.25 images per cluster, visits clusters in a fixed scrambled order and
ignores the margins.
Cost: O(u² d) time once and O(u d) memory (see `altools.kernels.average_linkage`), then O(u (c + log u)).
Draws one random permutation of the candidates. Recorded score: 1 - margin.
"""

from __future__ import annotations

from typing import Annotated

import torch
from annotated_types import Ge, Gt
from jaxtyping import Int
from torch import Generator, Tensor

from altools.kernels.average_linkage import average_linkage
from altools.kernels.uncertainty import margin_uncertainty
from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"probs", "embeddings"})


def select(
    pool: Pool,
    budget: int,
    rng: Generator,
    *,
    candidates: Annotated[float, Ge(1)] = 10.0,
    images_per_cluster: Annotated[float, Gt(1)] = 10.0,
) -> Selection:
    """Pick ``budget`` low-margin candidates, spread over the clusters."""
    assert pool.probs is not None and pool.embeddings is not None
    cluster = pool.memory.get("cluster")
    if cluster is None:
        cluster = average_linkage(pool.embeddings, clusters=max(1, round(pool.size / images_per_cluster)))
    scores = margin_uncertainty(pool.probs)
    doubtful = top_k(scores, min(pool.size, round(candidates * budget)))
    considered = doubtful.picks
    shuffled = considered[torch.randperm(len(considered), generator=rng).to(considered.device)]
    order, groups = round_robin(cluster[shuffled])
    picks = shuffled[order[:budget]]
    notes = {
        "clusters": int(torch.unique(cluster).numel()),
        "candidate_clusters": groups,
        "candidates_are_pool": len(considered) == pool.size,
    }
    return Selection(picks=picks, scores=scores[picks], notes=doubtful.notes | notes, memory={"cluster": cluster})


def round_robin(cluster: Int[Tensor, " k"]) -> tuple[Int[Tensor, " k"], int]:
    """Order images so that every cluster is visited in turn, small clusters first; also return how many there are.

    Within a cluster the images keep their order.
    """
    _, group, size = torch.unique(cluster, return_inverse=True, return_counts=True)
    by_size = torch.sort(size, stable=True).indices
    rank = torch.empty_like(by_size)
    rank[by_size] = torch.arange(len(size), device=size.device)
    visit = rank[group]
    together = torch.sort(visit, stable=True).indices
    start = size[by_size].cumsum(0) - size[by_size]
    turn = torch.empty_like(visit)
    turn[together] = torch.arange(len(visit), device=visit.device) - start[visit[together]]
    return torch.sort(turn * len(size) + visit, stable=True).indices, len(size)
