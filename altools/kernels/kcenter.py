r"""Greedy k-center (farthest-first traversal) in blocks: the picks of the one-at-a-time rule, by matrix products.

.. math:: i_{t+1} = \operatorname{arg\,max}_i \min_{j \in \text{centres} \cup \{i_1..i_t\}} \lVert x_i - x_j \rVert^2,
   \quad \text{ties by lowest position}

A distance to the nearest centre only shrinks. So take the candidates above the (q+1)-th largest value T: as long as
the best of them stays above T, it is the best of all. The greedy rule runs inside that block on a q x q matrix, then
one matrix product applies all its picks to the pool, in place of one pass over the pool per pick.

Reference: Gonzalez, 1985, "Clustering to minimize the maximum intercluster distance", for the rule.
Cost: O(n b d) time in matrix products, O(n + q^2) extra memory, one transfer to the host per block.
Knows nothing about labels or rounds.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from altools.kernels.distances import among, lower_
from altools.kernels.points import Points

CHOSEN = -float("inf")


def farthest_first(
    points: Points, nearest: Float[Tensor, " n"], budget: int, block: int | None = None
) -> tuple[Int[Tensor, " b"], Float[Tensor, " b"]]:
    """Pick ``budget`` points, each the farthest from the centres and the picks before it.

    Args:
        points: the candidates.
        nearest: squared distance of each candidate to its nearest centre so far (+inf where there is none).
        budget: number of picks, at most n.
        block: how many leaders are considered at once; the picks do not depend on it but for rounding. By default
            1.25 times the budget, within bounds: a small budget then often ends in one block.

    Returns:
        Positions in the order picked, and the squared distance each was picked at.
    """
    block = block or min(max(5 * budget // 4, 256), 2048)
    nearest = nearest.clone()
    picks: list[Tensor] = []
    heights: list[float] = []
    while len(heights) < budget:
        missing = budget - len(heights)
        leaders = torch.topk(nearest, min(block + 1, len(nearest))).indices.sort().values
        now, distances = _on_host(points, nearest, leaders)
        # The least leader's value may also stand outside the block, unless the block is everything.
        order, gained = _greedy(now, distances, float(now.min()) if len(leaders) < len(nearest) else CHOSEN, missing)
        if not order:  # all leaders tie: take the lowest positions with that value, which stay ahead of the others
            leaders = (nearest == nearest.max()).nonzero().flatten()[:block]
            now, distances = _on_host(points, nearest, leaders)
            order, gained = _greedy(now, distances, float(np.nextafter(now.max(), now.dtype.type(CHOSEN))), missing)
        chosen = leaders[torch.tensor(order, device=leaders.device)]
        picks.append(chosen)
        heights += gained
        if len(heights) < budget:
            lower_(nearest, points, points[chosen])
            nearest[chosen] = CHOSEN
    return torch.cat(picks), torch.tensor(heights, dtype=nearest.dtype, device=nearest.device)


def _on_host(points: Points, nearest: Float[Tensor, " n"], leaders: Int[Tensor, " q"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the leaders' distances to centres and to each other, by one transfer."""
    both = torch.cat([nearest[leaders, None], among(points[leaders])], dim=1).cpu().numpy()
    return both[:, 0].copy(), both[:, 1:]


def _greedy(now: np.ndarray, distances: np.ndarray, above: float, most: int) -> tuple[list[int], list[float]]:
    """Run the rule inside a block while its best is ``above`` the rest; ``argmax`` takes the first of equals."""
    order: list[int] = []
    heights: list[float] = []
    while len(order) < most:
        best = int(now.argmax())
        if not now[best] > above:
            break
        order.append(best)
        heights.append(float(now[best]))
        np.minimum(now, distances[best], out=now)
        now[best] = CHOSEN
    return order, heights
