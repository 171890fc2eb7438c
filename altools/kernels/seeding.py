r"""k-means++ seeding (D² sampling): each pick is likelier the farther a point is from the picks before it.

.. math:: P(i_{t+1} = i) \propto D_t^2(i) = \min_{s \le t} \lVert x_i - x_{i_s} \rVert^2

Two samplers of this law:

- `one_by_one`: one uniform number and one pass over the points per pick; the reference.
- `in_blocks`: rejection. D² only shrinks, so the D² of a while ago is an envelope of today's. Propose a block from
  it, accept each proposal with probability D²(now)/D²(envelope), where now counts the block's accepted proposals; then
  apply them to all points by one matrix product.

Picks are distinct. When every remaining distance is zero, both stop early; the caller fills up (`uniform_rest`).

Reference: Arthur and Vassilvitskii, 2007, "k-means++: the advantages of careful seeding", section 2.2; the rejection
step as in Cohen-Addad et al., 2020 (NeurIPS), "Fast and accurate k-means++ via rejection sampling", with the stale
distances as the envelope.
Cost: O(n b d) time; O(n) extra memory. Knows nothing about what the points are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.kernels.distances import among, lower_
from altools.kernels.points import Points

BLOCK = 256


@dataclass(frozen=True)
class Draws:
    """What was drawn: positions, and the squared distance each had when it was drawn."""

    picks: Int[Tensor, " b"]
    squared: Float[Tensor, " b"]


def one_by_one(points: Points, first: Int[Tensor, " 1"], budget: int, rng: Generator) -> Draws:
    """Draw ``budget`` points, or as many as have positive distance, one uniform number each after the ``first``.

    Uniform number t (of ``budget - 1``, float64, drawn at once) picks the first position whose cumulated D² exceeds
    it times the total.
    """
    uniforms = torch.rand(budget - 1, dtype=torch.float64, generator=rng).to(first.device)
    nearest = _start(points, first)
    picks, squared = [first], [points.norms[first]]
    for t in range(budget - 1):
        if t:
            lower_(nearest, points, points[picks[-1]])
            nearest[picks[-1]] = 0
        pick = _inverse(nearest.cumsum(0, dtype=torch.float64), uniforms[t : t + 1])
        picks.append(pick)
        squared.append(nearest[pick])
    drawn = torch.cat(squared)
    positive = 1 + int((drawn[1:] > 0).sum())  # once all distances are 0 they stay so: the draws before are a prefix
    return Draws(torch.cat(picks)[:positive], drawn[:positive])


def in_blocks(points: Points, first: Int[Tensor, " 1"], budget: int, rng: Generator, block: int = BLOCK) -> Draws:
    """Draw as `one_by_one` does, in law but not number for number, by proposing up to ``block`` points at a time."""
    nearest = _start(points, first)
    picks, squared = [first], [points.norms[first]]
    missing = budget - 1
    while missing:
        size = min(block, 2 * missing + 8)
        uniforms = torch.rand(2, size, dtype=torch.float64, generator=rng)
        cumulated = nearest.cumsum(0, dtype=torch.float64)
        proposed = _inverse(cumulated, uniforms[0].to(first.device))
        chosen = points[proposed]
        envelope = nearest[proposed]
        distances = among(chosen)
        distances[proposed == proposed[:, None]] = 0
        on_host = torch.cat([envelope[:, None], distances], dim=1).cpu().numpy()
        taken, now = _accept(on_host[:, 0], on_host[:, 1:], uniforms[1].numpy(), missing)
        if not taken:  # the first proposal is always accepted unless all distances are zero
            break
        accepted = torch.tensor(taken, device=first.device)
        picks.append(proposed[accepted])
        squared.append(torch.tensor(now, dtype=nearest.dtype, device=nearest.device))
        missing -= len(taken)
        if missing:
            lower_(nearest, points, chosen[accepted])
            nearest[picks[-1]] = 0
    return Draws(torch.cat(picks), torch.cat(squared))


def uniform_rest(picks: Int[Tensor, " b"], size: int, count: int, rng: Generator) -> Int[Tensor, " k"]:
    """Draw ``count`` further positions of ``size``, uniformly without replacement, none of them in ``picks``."""
    free = torch.ones(size, dtype=torch.bool)
    free[picks.cpu()] = False
    rest = free.nonzero().flatten()
    return rest[torch.randperm(len(rest), generator=rng)[:count]].to(picks.device)


def _start(points: Points, first: Int[Tensor, " 1"]) -> Float[Tensor, " n"]:
    nearest = lower_(torch.full_like(points.norms, float("inf")), points, points[first])
    nearest[first] = 0
    return nearest


def _inverse(cumulated: Float[Tensor, " n"], uniforms: Float[Tensor, " k"]) -> Int[Tensor, " k"]:
    """Return the first position whose cumulated weight exceeds each uniform share of the total; weight 0 never is."""
    found = torch.searchsorted(cumulated, uniforms * cumulated[-1], right=True)
    last = torch.searchsorted(cumulated, cumulated[-1:])  # where rounding makes the share the total
    return torch.minimum(found, last)


def _accept(
    envelope: np.ndarray, distances: np.ndarray, uniforms: np.ndarray, most: int
) -> tuple[list[int], list[float]]:
    now = envelope.copy()
    taken: list[int] = []
    squared: list[float] = []
    for k, uniform in enumerate(uniforms.tolist()):
        if uniform * float(envelope[k]) < float(now[k]):
            taken.append(k)
            squared.append(float(now[k]))
            if len(taken) == most:
                break
            np.minimum(now, distances[k], out=now)
    return taken, squared
