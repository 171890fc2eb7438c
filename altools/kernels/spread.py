r"""How a query lies among its candidates: distances between picks, coverage, near-duplicates, and what each stands for.

.. math:: D = \frac{1}{\bar d} \operatorname{mean}_{i \neq j \in Q} \lVert x_i - x_j \rVert, \qquad
   R = \frac{1}{\bar d} \max_{x \in U} \min_{i \in Q} \lVert x - x_i \rVert

for picks Q among candidates U. Every round has a model of its own and so a space of its own; lengths are therefore
stated in units of the mean distance d̄ of two candidates: D = 1 is a query as spread out as the pool. Two images are
near-duplicates when they are closer than 99.9 % of the pairs of candidates. An image stands for the candidates that
have it as their nearest pick.

At most 2,000 images, evenly spread over the rows, stand for all in the statistics of pairs.
Cost: O(u b d) time in matrix products, O(u) memory. Draws no random numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from altools.kernels.distances import among, centred, nearest_two
from altools.kernels.points import Points, vectors

SAMPLE = 2000
CLOSE = 0.001  # share of all pairs of candidates that count as near-duplicates


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Where the picks lie; lengths in units of the mean distance of two candidates."""

    mean_distance: float
    """Between two picks; NaN for a single one."""
    coverage_radius: float
    """Largest distance of a candidate to its nearest pick."""
    mean_coverage: float
    """Mean of these distances."""
    duplicates: float
    """Share of the picks with another pick closer than 99.9 % of the pairs of candidates."""
    nearest: Int[Tensor, " u"]
    """The pick (its place in the query) that stands for each candidate."""
    distance: Float[Tensor, " u"]
    """The candidate's distance to it."""


def spread(embeddings: Float[Tensor, "u d"], picks: Int[Tensor, " b"]) -> Spread:
    """Describe the picks among all candidates, the picks among them."""
    (rows,) = centred(embeddings)
    candidates = vectors(rows)
    chosen = candidates[picks]
    everywhere = _pair_distances(candidates)
    unit = everywhere.mean() if len(everywhere) and bool(everywhere.mean() > 0) else everywhere.new_ones(())
    nearest, squared, _ = nearest_two(candidates, rows[picks])
    nearest[picks] = torch.arange(len(picks), device=picks.device)  # a copy of another pick stands for itself
    distance = _lengths(squared, candidates) / unit
    distance[picks] = 0
    _, _, other = nearest_two(chosen, rows[picks])
    close = everywhere.quantile(CLOSE) if len(everywhere) else everywhere.new_zeros(())
    return Spread(
        mean_distance=float(_pair_distances(chosen).mean() / unit),
        coverage_radius=float(distance.max()),
        mean_coverage=float(distance.mean()),
        duplicates=float((_lengths(other, chosen) <= close).float().mean()),
        nearest=nearest,
        distance=distance,
    )


def closest(found: Spread, most: int) -> list[Int[Tensor, " _"]]:
    """Return, for each pick, the ``most`` nearest candidates that it stands for: itself (or a copy of it) first."""
    by_distance = torch.sort(found.distance, stable=True).indices
    order = by_distance[torch.sort(found.nearest[by_distance], stable=True).indices]
    counts = torch.bincount(found.nearest)
    return [members[:most] for members in order.split(counts.tolist())]


def _pair_distances(points: Points) -> Float[Tensor, " p"]:
    """Return the distances of all pairs of (a sample of) the points."""
    rows = torch.linspace(0, len(points) - 1, min(SAMPLE, len(points)), device=points.norms.device).long()
    few = points[rows]
    above = torch.triu_indices(len(few), len(few), offset=1, device=rows.device)
    return among(few)[above[0], above[1]].sqrt()


def _lengths(squared: Float[Tensor, " n"], points: Points) -> Float[Tensor, " n"]:
    """Return distances; what lies below the resolution of the matrix product is 0."""
    return torch.where(squared > points.resolution * points.norms, squared, 0).sqrt()
