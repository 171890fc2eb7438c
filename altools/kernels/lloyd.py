r"""k-means with as many centres as a batch has labels: D² seeding, then Lloyd's iterations by matrix products.

.. math:: \min_{c_1..c_k} \sum_i \min_j \lVert x_i - c_j \rVert^2

An iteration assigns by a tiled matrix product fused with its row minimum, so no n x k matrix is held; once most
centres rest, a point is compared only with those that moved, unless a centre at rest could have become its nearest.
A centre that lost all its points moves to the point farthest from its own centre (the j-th such centre to the j-th
farthest, while that distance is positive), as scikit-learn does. Stops when no point changes its centre, or when the
centres together moved by at most ``tolerance`` times the mean variance of a column, as scikit-learn does.

Reference: Lloyd, 1982, "Least squares quantization in PCM".
Cost: O(n k d) time per iteration, O((n + k) d) memory. Knows nothing about strategies.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor

from altools.kernels import seeding
from altools.kernels.distances import nearest_two
from altools.kernels.points import Points, vectors


@dataclass(frozen=True)
class Clusters:
    """Centres, and for each point its centre and the squared distance to it."""

    centres: Float[Tensor, "k d"]
    labels: Int[Tensor, " n"]
    squared: Float[Tensor, " n"]
    iterations: int

    @property
    def inertia(self) -> float:
        """Sum of squared distances."""
        return float(self.squared.sum(dtype=torch.float64))


def k_means(
    rows: Float[Tensor, "n d"], k: int, rng: Generator, *, iterations: int = 300, tolerance: float = 1e-4
) -> Clusters:
    """Cluster ``rows`` (best centred) around at most ``k`` centres; fewer where fewer rows are distinct."""
    points = vectors(rows)
    first = torch.randint(len(rows), (1,), generator=rng).to(rows.device)
    seeds = seeding.in_blocks(points, first, k, rng)
    return lloyd(points, rows[seeds.picks], iterations=iterations, tolerance=tolerance)


def lloyd(points: Points, centres: Float[Tensor, "k d"], *, iterations: int, tolerance: float) -> Clusters:
    """Move ``centres`` to the means of their points until they rest."""
    (rows,) = points.factors
    variance = (points.norms.mean() - rows.mean(0).square().sum()).clamp_min(0) / rows.shape[1]
    labels, squared, runner_up = nearest_two(points, centres)
    touched = torch.ones(len(centres), dtype=torch.bool, device=rows.device)
    done = 0
    while done < iterations:
        done += 1
        means = _means(rows, labels, squared, centres, touched)
        shift = (means - centres).square().sum(1)
        centres, before = means, labels
        labels, squared, runner_up = _reassign(points, centres, labels, runner_up, shift > 0)
        changed = labels != before
        touched = torch.zeros_like(touched)
        touched[before[changed]] = True
        touched[labels[changed]] = True
        if bool((shift.sum() <= tolerance * variance) | ~changed.any()):
            break
    return Clusters(centres, labels, squared, done)


def _reassign(
    points: Points,
    centres: Float[Tensor, "k d"],
    labels: Int[Tensor, " n"],
    runner_up: Float[Tensor, " n"],
    moved: Bool[Tensor, " k"],
) -> tuple[Int[Tensor, " n"], Float[Tensor, " n"], Float[Tensor, " n"]]:
    """Assign after some centres moved; ``runner_up`` bounds the distance to all but the own centre from below.

    Centres at rest are where they were: only where neither the own centre nor a moved one is within that bound can
    another centre at rest be the nearest, and only there all centres are looked at.
    """
    (rows,) = points.factors
    which = moved.nonzero().flatten()
    if 2 * len(which) > len(centres):
        return nearest_two(points, centres)
    offsets = rows - centres[labels]
    own = torch.linalg.vecdot(offsets, offsets)
    if len(which) == 0:
        return labels, own, runner_up
    nearest, squared, second = nearest_two(points, centres[which])
    nearest = which[nearest]
    rival = torch.where(nearest == labels, second, squared)  # the nearest moved centre but for the own one
    leaves = rival < own
    best = torch.minimum(rival, own)
    bound = torch.minimum(runner_up, torch.where(leaves, torch.minimum(own, second), rival))
    unsure = (best >= runner_up).nonzero().flatten()
    labels = torch.where(leaves, nearest, labels)
    if len(unsure):
        labels[unsure], best[unsure], bound[unsure] = nearest_two(points[unsure], centres)
    return labels, best, bound


def _means(
    rows: Float[Tensor, "n d"],
    labels: Int[Tensor, " n"],
    squared: Float[Tensor, " n"],
    centres: Float[Tensor, "k d"],
    touched: Bool[Tensor, " k"],
) -> Float[Tensor, "k d"]:
    """Return the means of the clusters whose members changed, the other centres as they are."""
    counts = torch.bincount(labels, minlength=len(centres))
    members = touched[labels].nonzero().flatten()
    sums = torch.zeros_like(centres).index_add_(0, labels[members], rows[members])
    filled = (touched & (counts > 0))[:, None]
    means = torch.where(filled, sums / counts.clamp_min(1)[:, None], centres)
    empty = (counts == 0).nonzero().flatten()
    if len(empty):
        farthest = squared.sort(descending=True, stable=True).indices[: len(empty)]
        farthest = farthest[squared[farthest] > 0]
        means[empty[: len(farthest)]] = rows[farthest]
    return means
