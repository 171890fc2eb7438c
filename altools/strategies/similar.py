r"""SIMILAR: images that say much about a query set of labelled images (submodular mutual information).

Similarity is (1 + cosine) / 2 of last-layer gradients: predicted label for the pool, true label for labelled images;
a zero gradient (all other probabilities below 1e-30) has similarity 1/2 to everything. With pool U, picks A, query set
Q and private set P:

.. math::
    \text{flqmi} &= \sum_{q \in Q} \max_{a \in A} s_{qa} + \eta \sum_{a \in A} \max_{q \in Q} s_{qa} \\
    \text{flvmi} &= \sum_{x \in U} \min(\max_{a \in A} s_{xa},\; \eta \max_{q \in Q} s_{xq}) \\
    \text{gcmi} &= 2 \sum_{a \in A} \sum_{q \in Q} s_{aq} \\
    \text{logdetmi} &= \log\det S_A - \log\det(S_A - \eta^2 S_{AQ} S_Q^{-1} S_{QA}) \\
    \text{flcg} &= \sum_{x \in U} \max(\max_{a \in A} s_{xa} - \nu \max_{p \in P} s_{xp},\; 0) \\
    \text{flcmi} &= \sum_{x \in U} \max(\min(\max_{a \in A} s_{xa}, \eta \max_{q \in Q} s_{xq})
        - \nu \max_{p \in P} s_{xp},\; 0)

Query set: the labelled images the model gets wrong, or, when these are fewer than ``query_size``, the labelled images
it is least sure of (wrong ones first, then by the probability of the true class). A network trained to the end often
gets none of them wrong; then it is the least sure ones only (noted as ``query_images_wrong``). Private set: all
labelled images for flcg; for flcmi those outside the query set, because with Q ⊆ P and η ≤ ν every gain would be zero.
So flqmi, flvmi, gcmi and logdetmi look for more of what the model fails at, flcg for what the labelled set does not
show yet, flcmi for both. flqmi represents the queries and rewards likeness to any one of them; flvmi represents the
pool, but only as far as it is like a query; gcmi is modular: the highest sums, however alike; logdetmi also asks for
diversity.

flvmi and flcmi are exhausted after about as many picks as there are queries, when every cap is reached. The rest of the
budget is then filled by likeness to the nearest query, with score 0 (noted as ``picks_without_gain``): let
``query_size`` grow with the budget. flcg lasts much longer; it fills by unlikeness to the nearest labelled image.

Degenerate: flcg with ν = 0, and flvmi with η so large that no cap binds, are facility location on gradients; so is
SIMILAR's own recipe for the plain setting (Q = U, P = ∅), which is why `facility_location` has a name of its own. flcmi
with ν = 0, or with every labelled image in the query set, is flvmi. η has no effect on gcmi and flcg, ν none on the
first four.

Reference: Kothawade, Beck, Killamsetty and Iyer, 2021, "SIMILAR: submodular information measures based active
learning in realistic scenarios" (arXiv 2107.00717), Table 1; greedy.
Differs: the paper leaves the plain setting without a query set. S gets 1 on its diagonal in logdetmi (submodlib's
``lambdaVal = 1``), so that copies do not make it singular; there η is at most 1. The names DISTIL gives are easily
swapped: fl1mi is flvmi and fl2mi is flqmi. submodlib's gcmi lacks the factor 2, which changes no pick. The public
code of arXiv 2312.05751 ran plain facility location.
Cost: flqmi O(u |Q| (c + d)) time, O(u (c + d)) memory and at most 2 GiB; flvmi, flcg and flcmi as `facility_location`
with c + d for d; gcmi O((u + |Q|) c d); logdetmi O(u |Q|² + u b² + u b (c + d)) time and 4 u (2 b + |Q|) bytes: for
budgets of hundreds.
Draws no random numbers. Recorded score: the gain of the pick.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.errors import UserError
from altools.kernels.facility import greedy
from altools.kernels.gradients import directions, residuals
from altools.kernels.log_det import log_det_information
from altools.kernels.points import Points, nearest_similarity
from altools.kernels.represented import Objective
from altools.pool import Pool, Selection, top_k

NEEDS = frozenset({"probs", "embeddings", "labelled_probs", "labelled_embeddings", "labelled_labels"})


def select(
    pool: Pool,
    budget: int,
    rng: Generator,
    *,
    function: Literal["flqmi", "flvmi", "gcmi", "logdetmi", "flcg", "flcmi"] = "flqmi",
    eta: Annotated[float, Gt(0)] = 1.0,
    nu: Annotated[float, Ge(0)] = 1.0,
    query_size: Annotated[int, Ge(1)] = 100,
) -> Selection:
    """Pick ``budget`` images greedily by the named information measure."""
    assert pool.probs is not None and pool.embeddings is not None
    assert pool.labelled_probs is not None and pool.labelled_embeddings is not None
    assert pool.labelled_labels is not None
    if not pool.labelled_size:
        raise UserError(f"similar needs labelled images as its query set. Got none ({pool.job_name}); raise initial.")
    if function == "logdetmi" and eta > 1:
        raise UserError(f"similar with logdetmi needs eta of at most 1. Got {eta} ({pool.job_name}); lower it.")
    query, wrong = query_set(pool.labelled_probs, pool.labelled_labels, query_size)
    residual = residuals(pool.probs)
    images = directions(residual, pool.embeddings)
    labelled = directions(residuals(pool.labelled_probs, pool.labelled_labels), pool.labelled_embeddings)
    private = torch.ones(pool.labelled_size, dtype=torch.bool, device=query.device)
    if function == "flcmi":
        private[query] = False
    chosen = _choose(function, images, labelled[query], labelled[private], budget, eta, nu)
    notes = {
        "query_images": len(query),
        "query_images_wrong": wrong,
        "private_images": int(private.sum()),
        "zero_gradients": int(((residual == 0).all(dim=1) | (pool.embeddings == 0).all(dim=1)).sum()),
    }
    return Selection(picks=chosen.picks, scores=chosen.scores, notes=chosen.notes | notes)


def query_set(probs: Float[Tensor, "l c"], labels: Int[Tensor, " l"], size: int) -> tuple[Int[Tensor, " k"], int]:
    """Return the wrongly classified images, filled up to ``size`` by the least sure, and how many are wrong."""
    right = probs.argmax(dim=1) == labels
    wrong = int((~right).sum())
    # p - 1, with all its digits where p is close to 1.
    lacking = residuals(probs, labels).gather(1, labels[:, None])[:, 0]
    return torch.sort(lacking - 2 * (~right), stable=True).indices[: max(wrong, size)], wrong


def _choose(
    function: str, images: Points, query: Points, private: Points, budget: int, eta: float, nu: float
) -> Selection:
    if function == "gcmi":
        return top_k(2 * images.total_similarity(query), budget)
    if function == "logdetmi":
        picks, gains = log_det_information(images, query, budget, eta)
        return Selection(picks=picks, scores=gains)
    to_query = nearest_similarity(images, query)
    to_private = nearest_similarity(images, private) if function in ("flcg", "flcmi") and len(private) else None
    if function == "flqmi":
        objective = Objective(candidates=images, represented=query, bonus=eta * to_query)
    else:
        objective = Objective(
            candidates=images,
            represented=images,
            cap=None if function == "flcg" else eta * to_query,
            floor=None if to_private is None else nu * to_private,
        )
    picks, gains = greedy(objective, budget)
    useful = int((gains > 0).sum())
    if useful < budget:
        likeness = -to_private if function == "flcg" and to_private is not None else to_query
        order = top_k(likeness.index_fill(0, picks[:useful], -torch.inf), budget - useful).picks
        picks = torch.cat([picks[:useful], order])
    return Selection(picks=picks, scores=gains, notes={"picks_without_gain": budget - useful})
