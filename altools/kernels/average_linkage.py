r"""Average-linkage clustering by cosine distance, exact, without a matrix of all pairs.

.. math:: \frac{1}{|A||B|} \sum_{a \in A, b \in B} (1 - \langle a, b \rangle)
    = 1 - \langle \bar a, \bar b \rangle \quad \text{for unit vectors}

The mean of a cluster is all that average linkage needs to know of it. Average linkage is reducible (merging two
clusters brings neither closer to a third), so every pair of mutual nearest neighbours is a merge of the true
dendrogram: all of them merge in one round, and only clusters whose neighbour changed look for a new one.
A cluster's best similarity only falls, so one that lies below the cut already never merges again and leaves.

Reference: Sumengen, Rajagopalan, Citovsky et al., 2021, "Scaling hierarchical agglomerative clustering to
billion-sized datasets" (RAC, arXiv 2105.11653), for merging mutual nearest neighbours in rounds.
Differs: the linkage is read off the cluster means; equal vectors start as one cluster, so they are never separated;
vectors of zero length have no direction and count as equal to one another and orthogonal to all others.
Cost: O(n² d) time in matrix products (1.2 n² pairs for a cut into n/10 clusters of n = 8,000 noisy class means plus
noise; every further all-pairs search is halved by symmetry), O(n d) memory and tiles of ``block``². Data with many
equal similarities of unequal vectors can need up to n rounds.
Deterministic: ties go to the vector that comes first in lexicographic order, whatever its position.

Dimensions: n vectors, a clusters still in play, q of them looking for a neighbour, d features.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from altools.kernels.points import unit_rows
from altools.kernels.precision import fast_products


def average_linkage(
    x: Float[Tensor, "n d"], *, clusters: int = 1, distance: float = float("inf"), block: int = 2048
) -> Int[Tensor, " n"]:
    """Cut the dendrogram of ``x`` and return the cluster of every row, numbered by first member.

    Args:
        x: vectors; their length does not matter.
        clusters: stop at this many clusters (fewer when there are fewer distinct vectors).
        distance: stop before the first merge at this mean cosine distance or above.
        block: side of the tiles of similarities; no influence on the result but rounding.
    """
    unit, zero = unit_rows(x)
    if bool(zero.any()):  # zero vectors: one more axis, theirs alone
        unit = torch.cat([unit, zero[:, None].to(unit.dtype)], dim=1)
    *leaves, leaf_of, counts = torch.unique(unit, dim=0, return_inverse=True, return_counts=True)
    del unit
    needed = len(counts) - clusters
    if needed > 0:
        with fast_products(x.device):
            into, gone, heights = _merge(leaves.pop(), counts, needed, distance, block)  # which frees them as it goes
        leaf_of = _roots(len(counts), into, gone, heights, needed)[leaf_of]
    return _by_first_member(leaf_of)


@dataclass
class _Clusters:
    """The clusters in play, and for each the ``k`` most similar others it knows of, most similar first."""

    slot: Int[Tensor, " a"]
    size: Int[Tensor, " a"]
    mean: Float[Tensor, "a d"]
    near: Int[Tensor, "a k"]
    similar: Float[Tensor, "a k"]
    bound: Float[Tensor, " a"]
    """No cluster outside the list is more similar than this."""

    def best(self) -> Float[Tensor, " a"]:
        """Return what no other cluster's similarity exceeds; it is the neighbour's where `sure`."""
        return torch.maximum(self.similar[:, 0], self.bound)

    def sure(self) -> Bool[Tensor, " a"]:
        """Return whether the first of the list is the nearest neighbour."""
        return self.similar[:, 0] >= self.bound


def _merge(
    means: Float[Tensor, "a d"], counts: Int[Tensor, " a"], needed: int, distance: float, block: int
) -> tuple[Int[Tensor, " p"], Int[Tensor, " p"], Float[Tensor, " p"]]:
    """Merge in rounds until the ``needed`` lowest merges below ``distance`` are known: slots kept, slots gone, heights.

    Clusters whose list ran dry are asked again half by half, most similar first: those that wait meet fewer clusters
    later, or fall below the cut unasked.
    """
    slot = torch.arange(len(means), device=means.device)
    now = _Clusters(slot, counts, means, *nearest(means, slot, block))
    del means
    into, gone, heights = slot[:0], slot[:0], now.mean.new_empty(0)
    limit = now.mean.new_tensor(distance)
    while True:
        left = _mutual(now, distance)
        right = now.near[left, 0]
        into, gone = torch.cat([into, now.slot[left]]), torch.cat([gone, now.slot[right]])
        heights = torch.cat([heights, 1 - now.similar[left, 0]])
        if len(heights) >= needed:
            limit = heights.kthvalue(needed).values
        _join(now, left, right)
        stays = 1 - now.best() < limit
        stays[right] = False
        now = _only(now, stays)
        if len(now.slot) < 2:
            return into, gone, heights
        waiting = (~now.sure()).nonzero()[:, 0]
        if len(waiting):
            best = now.best()[waiting]
            look = waiting[best >= best.median()]
            now.near[look], now.similar[look], now.bound[look] = nearest(now.mean, look, block)


def _mutual(now: _Clusters, distance: float) -> Int[Tensor, " p"]:
    """Return the first of every pair of mutual nearest neighbours closer than ``distance``."""
    first, sure = now.near[:, 0], now.sure()
    here = torch.arange(len(first), device=first.device)
    left = here[sure & sure[first] & (first[first] == here) & (here < first) & (1 - now.similar[:, 0] < distance)]
    if not len(left) and bool(sure.all()):  # rounding made a ring of neighbours out of a tie
        left = now.similar[:, 0].argmax()[None]
        left = left[1 - now.similar[left, 0] < distance]
    return left


def _join(now: _Clusters, left: Int[Tensor, " p"], right: Int[Tensor, " p"]) -> None:
    """Put each pair's cluster in the place of its left member, and bring all lists up to date."""
    a, k = now.near.shape
    ours, theirs = now.size[left, None], now.size[right, None]
    now.mean[left] = (now.mean[left] * ours + now.mean[right] * theirs) / (ours + theirs)
    now.size[left] += now.size[right]
    place = torch.arange(a, device=left.device)
    place[right] = left
    met = torch.zeros(a, dtype=torch.bool, device=left.device)
    met[left] = met[right] = True
    # A list of a pair: what either knew. Whatever neither knew is no closer than the looser of the bounds.
    rows = torch.cat([left, (met[now.near].any(dim=1) & ~met).nonzero()[:, 0]])
    near = torch.cat([now.near[rows], now.near[rows]], dim=1)
    similar = torch.cat([now.similar[rows], torch.full_like(now.similar[rows], -torch.inf)], dim=1)
    near[: len(left), k:], similar[: len(left), k:] = now.near[right], now.similar[right]
    now.bound[left] = torch.maximum(now.bound[left], now.bound[right])
    stale = (similar > -torch.inf) & (met[near] | met[rows, None])
    near = place[near]
    stale_row, stale_column = stale.nonzero().unbind(1)
    fresh = _products(now.mean, rows[stale_row], near[stale_row, stale_column])
    similar[stale_row, stale_column] = fresh
    similar[near == rows[:, None]] = -torch.inf
    twice = torch.zeros_like(stale)
    near, similar = _ordered(near, similar)
    twice[:, 1:] = near[:, 1:] == near[:, :-1]
    near, similar = _ordered(near, similar.masked_fill(twice, -torch.inf))
    now.near[rows], now.similar[rows] = near[:, :k], similar[:, :k]
    now.bound[rows] = torch.maximum(now.bound[rows], similar[:, k])


def _only(now: _Clusters, stays: Bool[Tensor, " a"]) -> _Clusters:
    """Return the clusters that stay, their lists without those that do not."""
    place = stays.cumsum(0) - 1
    near = now.near[stays]
    similar = now.similar[stays].masked_fill(~stays[near], -torch.inf)
    near, similar = _ordered(place[near].clamp_min_(0), similar)
    return _Clusters(now.slot[stays], now.size[stays], now.mean[stays], near, similar, now.bound[stays])


def _products(
    mean: Float[Tensor, "a d"], one: Int[Tensor, " p"], other: Int[Tensor, " p"], chunk: int = 8192
) -> Float[Tensor, " p"]:
    parts = zip(one.split(chunk), other.split(chunk), strict=True)
    return torch.cat([(mean[i] * mean[j]).sum(dim=1) for i, j in parts]) if len(one) else mean.new_empty(0)


def _ordered(
    near: Int[Tensor, "a k"], similar: Float[Tensor, "a k"]
) -> tuple[Int[Tensor, "a k"], Float[Tensor, "a k"]]:
    """Sort lists by similarity, equal ones by position."""
    near, order = near.sort(dim=1)
    similar, again = similar.gather(1, order).sort(dim=1, descending=True, stable=True)
    return near.gather(1, again), similar


def nearest(
    means: Float[Tensor, "a d"], look: Int[Tensor, " q"], block: int, keep: int = 3
) -> tuple[Int[Tensor, "q k"], Float[Tensor, "q k"], Float[Tensor, " q"]]:
    """Return for each row in ``look`` a list of other rows, their products, and a bound on all products not listed.

    The first listed is the largest product; most of the ``keep`` largest are on the list.
    """
    others = torch.ones(len(means), dtype=torch.bool, device=means.device)
    others[look] = False
    order = torch.cat([look, others.nonzero()[:, 0]])
    q = len(look)
    near = look.new_zeros((q, keep))
    similar = means.new_full((q, keep), -torch.inf)
    bound = means.new_full((q,), -torch.inf)
    for at in range(0, q, block):
        end = min(at + block, q)
        rows = means[order[at:end]]
        # Tiles left of the diagonal were met as columns of earlier rows.
        for start in range(at, len(order), block):
            stop = min(start + block, len(order))
            tile = rows @ means[order[start:stop]].T
            if start == at:
                tile.fill_diagonal_(-torch.inf)
            if at < start < q:
                below = slice(start, min(stop, q))
                _improve(near[below], similar[below], bound[below], order[at:end], tile[:, : below.stop - start].T)
            _improve(near[at:end], similar[at:end], bound[at:end], order[start:stop], tile)
    return near, similar, bound


def _improve(
    near: Int[Tensor, "q k"],
    similar: Float[Tensor, "q k"],
    bound: Float[Tensor, " q"],
    names: Int[Tensor, " r"],
    tile: Float[Tensor, "q r"],
    run: int = 64,
) -> None:
    """Offer a tile of products to the lists: the best of each run of columns, because `amax` beats `topk` by far."""
    q, r = tile.shape
    k = near.shape[1]
    tile = pad(tile, (0, -r % run), value=-torch.inf)
    runs = tile.unflatten(1, (-1, run))
    highest, chosen = runs.amax(dim=2).sort(dim=1, descending=True, stable=True)
    chosen = chosen[:, :k]
    inside = runs[torch.arange(q, device=tile.device)[:, None], chosen]
    value, column = inside.max(dim=2)
    inside.scatter_(2, column[:, :, None], -torch.inf)
    missed = inside.amax(dim=(1, 2))
    if highest.shape[1] > k:
        missed = torch.maximum(missed, highest[:, k])
    offered = names[(chosen * run + column).clamp_max_(r - 1)]
    both, values = _ordered(torch.cat([near, offered], dim=1), torch.cat([similar, value], dim=1))
    near.copy_(both[:, :k])
    similar.copy_(values[:, :k])
    bound.copy_(torch.maximum(torch.maximum(bound, missed), values[:, k]))


def _roots(
    n: int, into: Int[Tensor, " p"], gone: Int[Tensor, " p"], heights: Float[Tensor, " p"], needed: int
) -> Int[Tensor, " n"]:
    """Return the slot in which each leaf ends after the ``needed`` lowest merges, by pointer jumping."""
    lowest = heights.sort(stable=True).indices[:needed]
    parent = torch.arange(n, device=into.device)
    parent[gone[lowest]] = into[lowest]
    while not torch.equal(parent, above := parent[parent]):
        parent = above
    return parent


def _by_first_member(cluster: Int[Tensor, " n"]) -> Int[Tensor, " n"]:
    names, inverse = torch.unique(cluster, return_inverse=True)
    first = torch.full_like(names, len(cluster)).scatter_reduce(
        0, inverse, torch.arange(len(cluster), device=cluster.device), "amin"
    )
    rank = torch.empty_like(first)
    rank[first.argsort()] = torch.arange(len(names), device=cluster.device)
    return rank[inverse]
