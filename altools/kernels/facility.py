r"""Greedy facility location, exact, lazy, by blocks, without a matrix of all similarities.

.. math:: f(S) = \sum_x \max\Bigl(\min\bigl(\max_{a \in S} s_{xa},\, \text{cap}_x\bigr),\, \text{floor}_x\Bigr)
    + \sum_{a \in S} \text{bonus}_a

Gains only fall as S grows, so a gain computed earlier bounds today's. The candidates with the highest bounds are
scored again together (one matrix product) and greedy runs among them for as long as its choice beats the highest
bound outside: each such choice is the global one. Where many candidates might beat the best of these leaders, as after
the first picks, which change much, all bounds are brought up to date instead: lowered by what the points covered better
since then took, which is exact. Once enough is covered, only a few similarities still exceed the cover of their point.
From then on these pairs alone are kept, and a score costs their number instead of a product.

Reference: Minoux, 1978 (lazy greedy); Nemhauser, Wolsey and Fisher, 1978 (greedy, 1 - 1/e).
Cost: O(u r d) for the first scores and to find the pairs, and for bringing the
bounds up to date in proportion to the points covered better; then O(pairs) per block. Memory O((u + r) d), plus all
similarities where they fit ``keep_bytes``, plus ``pairs`` times 12 bytes. Equal gains go to the lower position; but
two points that are each other's only use have gains that are equal in mathematics and not in floating point, so
rounding chooses between them. Draws no random numbers.

Gains are never negative. Once a pick gains nothing, the rest of the budget is the lowest positions left, with gain 0.

Dimensions: u candidates, r points to be represented, q leaders of a block, w pairs of a leader, b picks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from altools.kernels.precision import fast_products
from altools.kernels.represented import TILE, Objective, Pairs, Rows

BLOCK = 1 << 14
"""Elements of a block after a pick: every further pick passes over them once."""


def greedy(
    objective: Objective, budget: int, *, keep_bytes: int = 1 << 30, pairs: int = 1 << 27, block: int = 32
) -> tuple[Int[Tensor, " b"], Float[Tensor, " b"]]:
    """Return the picks of the greedy algorithm in order, and their gains.

    Args:
        objective: what to maximise.
        budget: number of picks, at most the number of candidates.
        keep_bytes: keep all similarities when they need no more than this.
        pairs: keep only the pairs that still matter as soon as they are no more than this.
        block: leaders scored together; it doubles while a block brings no pick.
    """
    with fast_products(objective.candidates.device):
        return _greedy(objective, budget, keep_bytes, pairs, block)


def _greedy(
    objective: Objective, budget: int, keep_bytes: int, pairs: int, block: int
) -> tuple[Int[Tensor, " b"], Float[Tensor, " b"]]:
    u, r = len(objective.candidates), len(objective.represented)
    device = objective.candidates.device
    kept = objective.rows(slice(None)) if 4 * u * r <= keep_bytes else None
    everything = Rows(objective, kept)
    like = objective.candidates.factors[0]
    cover = like.new_zeros(r) if objective.floor is None else objective.floor.clone()
    bonus = like.new_zeros(u) if objective.bonus is None else objective.bonus
    exact, base = everything.gains(cover) + bonus, cover.clone()  # what was gained at an earlier cover
    bound = exact.clone()
    source: Rows | Pairs = everything
    picks = torch.empty(budget, dtype=torch.long, device=device)
    gains = torch.empty_like(bound[:budget])
    taken, size, review = 0, block, 8
    while taken < budget:
        order = torch.sort(bound, descending=True, stable=True)
        size = min(size, u, max(block, TILE // source.width(order.indices[:size])))
        leaders = order.indices[:size].sort().values
        if size < u:  # the best outside wins ties against leaders of higher position
            rival, height = order.indices[size], order.values[size]
            least = torch.where(leaders < rival, height, height.nextafter(height.new_tensor(torch.inf)))
        else:
            least = torch.full_like(bound[leaders], torch.finfo(bound.dtype).min)
        rows, columns = source.some(leaders)
        extra = torch.where(bound[leaders] == -torch.inf, -torch.inf, bonus[leaders])  # picked before
        now = slice(taken, taken + min(size, budget - taken))
        best = torch.zeros_like(picks[now])
        count, score = _walk(_Leaders(rows, columns, extra, least), cover, best, gains[now])
        picks[now] = leaders[best]
        found = int(count)
        taken += found
        if found and gains[taken - 1] <= 0:  # no candidate adds anything, and none ever will
            open_to = torch.ones_like(bound, dtype=torch.bool).index_fill_(0, picks[:taken], False)
            picks[taken:], gains[taken:] = open_to.nonzero()[: budget - taken, 0], 0
            break
        # Never raised: else rounding, which differs between blocks, could pass the lead around a tie forever.
        bound[leaders] = torch.minimum(bound[leaders], score)
        if not found and source is everything:
            raised, rivals = (cover > base).nonzero()[:, 0], int((bound > score.max()).sum())
            if 0 < len(raised) * u < everything.cost * rivals * r:
                exact, base = everything.updated(exact, bonus, raised, base, cover), cover.clone()
                bound = torch.minimum(bound, exact)
        width = rows.shape[1]
        most = max(block, TILE // width)
        size = max(block, BLOCK // width) if found else min(2 * size, most)
        if taken >= review:
            review = 2 * taken
            source = source.narrowed(cover, pairs)
    return picks, gains


@dataclass(frozen=True)
class _Leaders:
    """The candidates of a block."""

    rows: Float[Tensor, "q w"]
    """Their similarities."""
    columns: Int[Tensor, "q w"] | None
    """To which points, where these are not all."""
    extra: Float[Tensor, " q"]
    """Added to their gains; -inf once picked."""
    least: Float[Tensor, " q"]
    """A score below it may not be the highest of all."""


def _walk(
    leaders: _Leaders, cover: Float[Tensor, " r"], picks: Int[Tensor, " p"], gains: Float[Tensor, " p"]
) -> tuple[Int[Tensor, " 1"], Float[Tensor, " q"]]:
    """Pick greedily among the leaders while the best of them reaches its ``least``.

    Args:
        leaders: their ``extra`` marks what is picked.
        cover: raised by the picks.
        picks: filled with positions among the leaders; what follows the last valid one is void.
        gains: filled likewise.

    Returns:
        How many picks are valid, and the scores after the last of them.
    """
    rows, columns, extra, least = leaders.rows, leaders.columns, leaders.extra, leaders.least
    valid = torch.ones(1, dtype=torch.bool, device=rows.device)
    count = torch.zeros(1, dtype=torch.long, device=rows.device)
    score = _gains(rows, columns, cover) + extra
    for step in range(len(picks)):
        best = score.argmax(dim=0, keepdim=True)  # a number would be read by the host, which waits for it
        valid = valid & (score[best] >= least[best])
        if rows.device.type == "cpu" and not valid:  # looking costs nothing here; on a GPU the rest has no effect
            break
        picks[step : step + 1], gains[step : step + 1] = best, score[best]
        count += valid
        gained = torch.where(valid, rows[best][0], -torch.inf)
        if columns is None:
            torch.maximum(cover, gained, out=cover)
        else:
            cover.scatter_reduce_(0, columns[best][0], gained, "amax")
        extra[best] = torch.where(valid, -torch.inf, extra[best])
        score = _gains(rows, columns, cover) + extra
    return count, score


def _gains(
    rows: Float[Tensor, "q w"], columns: Int[Tensor, "q w"] | None, cover: Float[Tensor, " r"]
) -> Float[Tensor, " q"]:
    level = cover if columns is None else cover[columns]
    return (rows - level).clamp_min_(0).sum(dim=1)
