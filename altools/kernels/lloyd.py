r"""k-means with as many centres as a batch has labels: D² seeding, then Lloyd's iterations by matrix products.

.. math:: \min_{c_1..c_k} \sum_i \min_j \lVert x_i - c_j \rVert^2

An iteration assigns by a tiled matrix product fused with its row minimum, so no n x k matrix is held. A centre that
lost all its points moves to the point farthest from its own centre (the j-th such centre to the j-th farthest, while
that distance is positive), as scikit-learn does. Stops when no point changes its centre, or when the centres together
moved by at most ``tolerance`` times the mean variance of a column, as scikit-learn does.

Reference: Lloyd, 1982, "Least squares quantization in PCM".
Cost: O(n k d) time per iteration, O((n + k) d) memory. Knows nothing about strategies.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.kernels import seeding
from altools.kernels.points import CPU_TILE, GPU_TILE, Points, vectors


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
    enough = tolerance * variance
    labels, squared = assign(points, centres)
    done = 0
    while done < iterations:
        done += 1
        moved = _means(rows, labels, squared, centres)
        shift = (moved - centres).square().sum()
        centres = moved
        before = labels
        labels, squared = assign(points, centres)
        if bool((shift <= enough) | (labels == before).all()):
            break
    return Clusters(centres, labels, squared, done)


def assign(points: Points, centres: Float[Tensor, "k d"]) -> tuple[Int[Tensor, " n"], Float[Tensor, " n"]]:
    """Return the nearest centre of each point and its squared distance."""
    (rows,) = points.factors
    norms = torch.linalg.vecdot(centres, centres)
    doubled = -2 * centres.T
    labels = torch.empty(len(rows), dtype=torch.long, device=rows.device)
    squared = torch.empty_like(points.norms)
    height = max(1, (GPU_TILE if rows.is_cuda else CPU_TILE) // len(centres))
    for top in range(0, len(rows), height):
        part = slice(top, top + height)
        tile = torch.addmm(norms, rows[part], doubled)
        torch.min(tile, dim=1, out=(squared[part], labels[part]))
    return labels, squared.add_(points.norms).clamp_min_(0)


def _means(
    rows: Float[Tensor, "n d"], labels: Int[Tensor, " n"], squared: Float[Tensor, " n"], centres: Float[Tensor, "k d"]
) -> Float[Tensor, "k d"]:
    counts = torch.bincount(labels, minlength=len(centres))
    sums = torch.zeros_like(centres).index_add_(0, labels, rows)
    means = torch.where(counts[:, None] > 0, sums / counts.clamp_min(1)[:, None], centres)
    empty = (counts == 0).nonzero().flatten()
    if len(empty):
        farthest = squared.sort(descending=True, stable=True).indices[: len(empty)]
        farthest = farthest[squared[farthest] > 0]
        means[empty[: len(farthest)]] = rows[farthest]
    return means
