r"""Squared Euclidean distances by matrix products, in tiles, so that no n x n matrix is held.

.. math:: \lVert x - y \rVert^2 = \lVert x \rVert^2 + \lVert y \rVert^2 - 2 \langle x, y \rangle

Dimensions: n points, k centres, d features.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from altools.kernels.points import Points, vectors
from altools.kernels.precision import fast_products

CPU_TILE = 1 << 20  # entries: 4 MiB of float32 stay in the cache of a core
GPU_TILE = 1 << 26


def centred(rows: Float[Tensor, "n d"], *others: Float[Tensor, "_ d"]) -> list[Float[Tensor, "_ d"]]:
    """Shift all arguments by (about) the mean of the first, so that distances lose fewer digits to cancellation.

    The shift is the mean rounded to a power-of-two grid about as coarse as the spread of the columns: at most half a
    standard deviation of offset is left, and features that lie on such a grid (integers, counts) stay exact.
    """
    mean = rows.mean(0)
    spread = (vectors(rows).norms.mean() - mean.square().sum()).clamp_min(0).div(len(mean)).sqrt()
    least = 1e-6 * mean.abs().max() + torch.finfo(rows.dtype).tiny  # columns without spread
    grid = torch.maximum(spread, least).log2().floor().exp2()
    shift = (mean / grid).round() * grid
    return [part - shift for part in (rows, *others)]


def lower_(nearest: Float[Tensor, " n"], points: Points, centres: Points) -> Float[Tensor, " n"]:
    """Lower each squared distance to the nearest of ``centres`` where that is closer, in place.

    Distances below `Points.resolution` become exactly 0, so copies of a centre are at distance 0.
    """
    with fast_products(nearest.device):
        return _lower(nearest, points, centres)


def _lower(nearest: Float[Tensor, " n"], points: Points, centres: Points) -> Float[Tensor, " n"]:
    tile = GPU_TILE if nearest.is_cuda else CPU_TILE
    width = max(1, min(len(centres), 1024))
    height = max(1, tile // width)
    for left in range(0, len(centres), width):
        part = centres[slice(left, left + width)]
        doubled = -2 * part.factors[0].T
        for top in range(0, len(points), height):
            rows = slice(top, top + height)
            closest = _closest(points[rows], part, doubled)
            norms = points.norms[rows]
            closest = torch.where(closest > points.resolution * norms, closest, 0)
            torch.minimum(nearest[rows], closest, out=nearest[rows])
    return nearest


def _closest(points: Points, centres: Points, doubled: Float[Tensor, "_ k"]) -> Float[Tensor, " n"]:
    if len(points.factors) == 1:
        tile = torch.addmm(centres.norms, points.factors[0], doubled)
    else:
        tile = points.factors[0] @ doubled
        for factor, other in zip(points.factors[1:], centres.factors[1:], strict=True):
            tile.mul_(factor @ other.T)
        tile.add_(centres.norms)
    return tile.amin(1).add_(points.norms)


def among(points: Points) -> Float[Tensor, "n n"]:
    """Return the squared distances within a few points, by the rule of `lower_`; the diagonal is exactly 0."""
    with fast_products(points.norms.device):
        squared = points.inner(points).mul_(-2).add_(points.norms).add_(points.norms[:, None])
    squared = torch.where(squared > points.resolution * points.norms, squared, 0)
    return squared.fill_diagonal_(0)


def nearest_two(
    points: Points, centres: Float[Tensor, "k d"]
) -> tuple[Int[Tensor, " n"], Float[Tensor, " n"], Float[Tensor, " n"]]:
    """Return the nearest centre of each point, its squared distance, and that of the second nearest."""
    with fast_products(centres.device):
        return _nearest_two(points, centres)


def _nearest_two(
    points: Points, centres: Float[Tensor, "k d"]
) -> tuple[Int[Tensor, " n"], Float[Tensor, " n"], Float[Tensor, " n"]]:
    (rows,) = points.factors
    norms = torch.linalg.vecdot(centres, centres)
    doubled = -2 * centres.T
    labels = torch.empty(len(rows), dtype=torch.long, device=rows.device)
    squared, second = torch.empty_like(points.norms), torch.empty_like(points.norms)
    height = max(1, (GPU_TILE if rows.is_cuda else CPU_TILE) // len(centres))
    for top in range(0, len(rows), height):
        part = slice(top, top + height)
        tile = torch.addmm(norms, rows[part], doubled)
        torch.min(tile, dim=1, out=(squared[part], labels[part]))
        torch.amin(tile.scatter_(1, labels[part, None], float("inf")), dim=1, out=second[part])
    return labels, squared.add_(points.norms).clamp_min_(0), second.add_(points.norms).clamp_min_(0)
