r"""Greedy facility location, exact, lazy, by blocks, without a matrix of all similarities.

.. math:: f(S) = \sum_x \max\Bigl(\min\bigl(\max_{a \in S} s_{xa},\, \text{cap}_x\bigr),\, \text{floor}_x\Bigr)
    + \sum_{a \in S} \text{bonus}_a

Gains only fall as S grows, so a gain computed earlier bounds today's. The candidates with the highest bounds are
scored again together (one matrix product) and greedy runs among them for as long as its choice beats the highest
bound outside: each such choice is the global one. While that costs many scores (the first picks change much), all
bounds are lowered after a pick by what its newly covered points took, which is exact. Once enough is covered, only a
few similarities still exceed the cover of their point. From then on these pairs alone are kept, and a score costs
their number instead of a product.

Reference: Minoux, 1978 (lazy greedy); Nemhauser, Wolsey and Fisher, 1978 (greedy, 1 - 1/e).
Cost: O(u r d) for the first scores (none when no cosine is negative) and about as much again to find the pairs; then
O(pairs) per block. Memory O((u + r) d), plus all similarities where they fit ``keep_bytes``, plus ``pairs`` times 12
bytes. Equal gains go to the lower position; but two points that are each other's only use have gains that are equal
in mathematics and not in floating point, so rounding chooses between them. Draws no random numbers.

Dimensions: u candidates, r points to be represented, q leaders of a block, w pairs of a leader, b picks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from altools.kernels.precision import fast_products
from altools.kernels.similarity import Vectors

TILE = 1 << 22
"""Elements of a tile of similarities: 16 MiB, so that it stays in cache between operations."""

SIDE = 1024
"""Of a square tile: 4 MiB."""

FADING = 0.8
"""How a costly search is remembered, pick by pick; while it is, bounds are brought up to date after every pick."""

BLOCK = 1 << 14
"""Elements of a block after a pick: every further pick passes over them once."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Who may be picked, who is to be represented, and what counts."""

    candidates: Vectors
    represented: Vectors
    bonus: Float[Tensor, " u"] | None = None
    """Added to the gain of a candidate, whatever else is picked."""
    cap: Float[Tensor, " r"] | None = None
    """A point is never represented better than this."""
    floor: Float[Tensor, " r"] | None = None
    """How well a point is represented before the first pick."""

    def rows(self, of: Tensor | slice, points: slice = slice(None)) -> Float[Tensor, "q _"]:
        """Return the similarities of some candidates to all points or to some, capped."""
        similarity = self.candidates[of].similarity(self.represented[points])
        return similarity if self.cap is None else torch.minimum(similarity, self.cap[points], out=similarity)

    def columns(self, of: Int[Tensor, " k"]) -> Float[Tensor, "k u"]:
        """Return the similarities of some points to all candidates, capped."""
        similarity = self.represented[of].similarity(self.candidates)
        return similarity if self.cap is None else torch.minimum(similarity, self.cap[of, None], out=similarity)


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
    everything = _Rows(objective, kept)
    like = objective.candidates.factors[0]
    cover = like.new_zeros(r) if objective.floor is None else objective.floor.clone()
    bonus = like.new_zeros(u) if objective.bonus is None else objective.bonus
    bound = _first_gains(everything, cover) + bonus
    source: _Rows | _Pairs = everything
    picks = torch.empty(budget, dtype=torch.long, device=device)
    gains = torch.empty_like(bound[:budget])
    taken, size, review = 0, block, 8
    scored = search = 0.0  # candidates scored for the coming pick, and lately for one
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
        before = cover.clone()
        now = slice(taken, taken + min(size, budget - taken))
        best = torch.zeros_like(picks[now])
        walk = _walk_few if columns is not None and device.type == "cpu" else _walk
        count, score = walk(_Leaders(rows, columns, extra, least), cover, best, gains[now])
        picks[now] = leaders[best]
        found, scored = int(count), scored + size
        if found:
            search, scored = max(scored / found, FADING * search), 0.0
            raised = (cover > before).nonzero()[:, 0]
            if source is everything and len(raised) < search * r / u:
                bound -= everything.lost(raised, before, cover)
        # Never raised: else rounding, which differs between blocks, could pass the lead around a tie forever.
        bound[leaders] = torch.minimum(bound[leaders], score)
        taken += found
        width = rows.shape[1]
        most = max(block, TILE // width)
        if (
            not found and source is everything and size >= most and scored < u
        ):  # once per pick: ties may need many blocks
            bound = torch.minimum(bound, everything.gains(cover) + bonus)
            scored += u
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
) -> tuple[Int[Tensor, ""], Float[Tensor, " q"]]:
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
    valid = torch.ones((), dtype=torch.bool, device=rows.device)
    count = torch.zeros((), dtype=torch.long, device=rows.device)
    score = _gains(rows, columns, cover) + extra
    for step in range(len(picks)):
        best = score.argmax()
        valid = valid & (score[best] >= least[best])
        if rows.device.type == "cpu" and not valid:  # looking costs nothing here; on a GPU the rest has no effect
            break
        picks[step], gains[step] = best, score[best]
        count += valid
        gained = torch.where(valid, rows[best], -torch.inf)
        if columns is None:
            torch.maximum(cover, gained, out=cover)
        else:
            cover.scatter_reduce_(0, columns[best], gained, "amax")
        extra[best] = torch.where(valid, -torch.inf, extra[best])
        score = _gains(rows, columns, cover) + extra
    return count, score


def _walk_few(
    leaders: _Leaders, cover: Float[Tensor, " r"], picks: Int[Tensor, " p"], gains: Float[Tensor, " p"]
) -> tuple[Int[Tensor, ""], Float[Tensor, " q"]]:
    """Do what `_walk` does on a CPU over few pairs, where starting an operation costs more than doing it."""
    assert leaders.columns is not None
    values, where, level = leaders.rows.numpy(), leaders.columns.numpy(), cover.numpy()
    added, needed = leaders.extra.numpy(), leaders.least.numpy()
    above = np.empty_like(values)

    def scores() -> np.ndarray:
        np.take(level, where, out=above, mode="clip")
        np.subtract(values, above, out=above)
        np.maximum(above, 0, out=above)
        return above.sum(axis=1) + added

    score, count = scores(), 0
    while count < len(picks):
        best = int(score.argmax())
        if score[best] < needed[best]:
            break
        picks[count], gains[count] = best, float(score[best])
        raised = values[best] > level[where[best]]  # without the padding: each point once
        level[where[best][raised]] = values[best][raised]
        added[best] = -np.inf
        score, count = scores(), count + 1
    return torch.tensor(count), torch.from_numpy(score)


def _gains(
    rows: Float[Tensor, "q w"], columns: Int[Tensor, "q w"] | None, cover: Float[Tensor, " r"]
) -> Float[Tensor, " q"]:
    level = cover if columns is None else cover[columns]
    return (rows - level).clamp_min_(0).sum(dim=1)


def _first_gains(source: _Rows, cover: Float[Tensor, " r"]) -> Float[Tensor, " u"]:
    objective = source.objective
    if objective.cap is None and objective.floor is None:
        total = objective.candidates.total_similarity(objective.represented)
        if total is not None:
            return total
    return source.gains(cover)


@dataclass(frozen=True)
class _Rows:
    """All similarities of a candidate, kept or made when asked for."""

    objective: Objective
    kept: Float[Tensor, "u r"] | None

    def some(self, of: Tensor | slice) -> tuple[Float[Tensor, "q r"], None]:
        return (self.objective.rows(of) if self.kept is None else self.kept[of]), None

    def width(self, of: Tensor) -> int:
        """Return how many similarities of a candidate there are."""
        return len(self.objective.represented)

    def gains(self, cover: Float[Tensor, " r"]) -> Float[Tensor, " u"]:
        """Return the gains of all candidates, by square tiles, which a cache holds."""
        total = torch.zeros_like(self.objective.candidates.factors[0][:, 0])
        for at in range(0, len(total), SIDE):
            rows = slice(at, at + SIDE)
            for start in range(0, len(cover), SIDE):
                points = slice(start, start + SIDE)
                tile = self.objective.rows(rows, points) if self.kept is None else self.kept[rows, points]
                total[rows] += (tile - cover[points]).clamp_min_(0).sum(dim=1)
        return total

    def lost(
        self, raised: Int[Tensor, " k"], before: Float[Tensor, " r"], cover: Float[Tensor, " r"]
    ) -> Float[Tensor, " u"]:
        """Return how much less every candidate gains after the cover of some points has risen."""
        objective = self.objective
        mirrored = self.kept if objective.candidates is objective.represented and objective.cap is None else None
        lost = torch.zeros_like(objective.candidates.factors[0][:, 0])
        for part in raised.split(max(1, TILE // len(objective.candidates))):
            low, high = before[part, None], cover[part, None]
            to_all = objective.columns(part) if mirrored is None else mirrored[part]
            lost += torch.clamp(to_all, low, high).sub_(low).sum(dim=0)
        return lost

    def tiles(self) -> Iterator[Float[Tensor, "q r"]]:
        u, r = len(self.objective.candidates), len(self.objective.represented)
        step = max(1, TILE // r)
        return (self.some(slice(at, at + step))[0] for at in range(0, u, step))

    def narrowed(self, cover: Float[Tensor, " r"], pairs: int) -> _Rows | _Pairs:
        """Return the pairs that still matter when they are few, judged by a sample of the candidates."""
        u, r = len(self.objective.candidates), len(self.objective.represented)
        sample, _ = self.some(torch.arange(0, u, max(1, u // 64), device=cover.device))
        room = min(pairs, u * r // 16)
        if float((sample > cover).float().mean()) * u * r > room:
            return self
        # Written into place as they are found: pieces of all sizes would scatter the heap over many times their size.
        column, value = cover.new_empty(room, dtype=torch.int32), cover.new_empty(room)
        lengths, count = [], 0
        for rows in self.tiles():
            matters = rows > cover
            lengths.append(matters.sum(dim=1))
            at = matters.flatten().nonzero()[:, 0]
            if count + len(at) > room:
                return self
            column[count : count + len(at)] = at % r
            value[count : count + len(at)] = rows.flatten()[at]
            count += len(at)
        return _Pairs.of(torch.cat(lengths), column[:count], value[:count])


@dataclass(frozen=True)
class _Pairs:
    """The similarities of a candidate that exceed the cover of their point; the others are gone for good."""

    start: Int[Tensor, " u"]
    length: Int[Tensor, " u"]
    column: Int[Tensor, " p"]
    value: Float[Tensor, " p"]

    @staticmethod
    def of(length: Int[Tensor, " u"], column: Int[Tensor, " p"], value: Float[Tensor, " p"]) -> _Pairs:
        return _Pairs(length.cumsum(0) - length, length, column, value)

    def width(self, of: Int[Tensor, " q"]) -> int:
        """Return how many pairs a candidate has at most."""
        return max(1, int(self.length[of].max()))

    def some(self, of: Int[Tensor, " q"]) -> tuple[Float[Tensor, "q w"], Int[Tensor, "q w"]]:
        length = self.length[of][:, None]
        width = max(1, int(length.max()))
        place = torch.arange(width, device=of.device)
        at = (self.start[of][:, None] + place).clamp_max_(max(0, len(self.value) - 1))
        there = place < length
        if not len(self.value):
            return self.value.new_full(at.shape, -torch.inf), torch.zeros_like(at)
        return self.value[at].masked_fill_(~there, -torch.inf), self.column[at].long()

    def narrowed(self, cover: Float[Tensor, " r"], pairs: int) -> _Pairs:
        """Drop the pairs that no longer matter, in place and a part at a time, as a mask of all is large."""
        end = torch.cat([self.start[:1], self.start + self.length])
        left, count = torch.zeros_like(end), 0
        for at in range(0, len(self.value), TILE):
            column, value = self.column[at : at + TILE], self.value[at : at + TILE]
            matters = value > cover[column]
            left += pad(matters.cumsum(0), (1, 0))[(end - at).clamp_(0, len(value))]
            column, value = column[matters], value[matters]
            self.column[count : count + len(value)] = column
            self.value[count : count + len(value)] = value
            count += len(value)
        return _Pairs.of(left.diff(), self.column[:count], self.value[:count])
