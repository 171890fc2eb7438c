"""Whom a candidate represents how well: all similarities of it, kept or made when asked for, or the pairs that matter.

Dimensions: u candidates, r points to be represented, q some of the candidates, k some of the points, w pairs of a
candidate, p pairs of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from altools.kernels.points import Points

TILE = 1 << 22
"""Elements of a tile of similarities: 16 MiB, so that it stays in cache between operations."""

SIDE = 1024
"""Of a square tile: 4 MiB."""

BAND = 512
"""Candidates whose similarities to all points are made in one product, where these become pairs."""

WIDE = 4
"""As many scores by square tiles cost as much as one in a block of few rows (measured, 32 rows of 200,000)."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Who may be picked, who is to be represented, and what counts."""

    candidates: Points
    represented: Points
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

    def only(self, points: Int[Tensor, " k"]) -> Objective:
        """Return the same with some of the points to be represented, from nothing."""
        cap = None if self.cap is None else self.cap[points]
        return Objective(candidates=self.candidates, represented=self.represented[points], cap=cap)


@dataclass(frozen=True)
class Rows:
    """All similarities of a candidate, kept or made when asked for."""

    objective: Objective
    kept: Float[Tensor, "u r"] | None

    def some(self, of: Tensor | slice) -> tuple[Float[Tensor, "q r"], None]:
        """Return the similarities of some candidates to all points."""
        return (self.objective.rows(of) if self.kept is None else self.kept[of]), None

    @property
    def cost(self) -> int:
        """What a score in a block costs, when one in `updated` costs 1 for as many points."""
        return WIDE if self.kept is None else 1

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

    def updated(
        self,
        gains: Float[Tensor, " u"],
        bonus: Float[Tensor, " u"],
        raised: Int[Tensor, " k"],
        before: Float[Tensor, " r"],
        cover: Float[Tensor, " r"],
    ) -> Float[Tensor, " u"]:
        """Return the gains, bonus included, after the cover of some points has risen."""
        objective = self.objective
        u = len(gains)
        if 2 * len(raised) > len(cover):
            return self.gains(cover) + bonus
        mirrored = self.kept if objective.candidates is objective.represented and objective.cap is None else None
        lost = torch.zeros_like(gains)
        for part in raised.split(SIDE if mirrored is None else max(1, TILE // u)):
            low, high = before[part], cover[part]
            if mirrored is not None:
                lost += torch.clamp(mirrored[part], low[:, None], high[:, None]).sub_(low[:, None]).sum(dim=0)
                continue
            points = objective.only(part)
            for at in range(0, u, SIDE):
                tile = points.rows(slice(at, at + SIDE))
                lost[at : at + SIDE] += torch.clamp(tile, low, high).sub_(low).sum(dim=1)
        return gains - lost

    def bands(self) -> Iterator[Float[Tensor, "q r"]]:
        """Return all similarities, some candidates at a time."""
        u, r = len(self.objective.candidates), len(self.objective.represented)
        step = max(BAND, TILE // r)
        return (self.some(slice(at, at + step))[0] for at in range(0, u, step))

    def narrowed(self, cover: Float[Tensor, " r"], pairs: int) -> Rows | Pairs:
        """Return the pairs that still matter when they are few, judged by a sample of the candidates."""
        u, r = len(self.objective.candidates), len(self.objective.represented)
        sample, _ = self.some(torch.arange(0, u, max(1, u // 64), device=cover.device))
        room = min(pairs, u * r // 16)
        if float((sample > cover).float().mean()) * u * r > room:
            return self
        # Written into place as they are found: pieces of all sizes would scatter the heap over many times their size.
        column, value = cover.new_empty(room, dtype=torch.int32), cover.new_empty(room)
        lengths, count = [], 0
        for rows in self.bands():
            matters = rows > cover
            lengths.append(matters.sum(dim=1))
            at = matters.flatten().nonzero()[:, 0]
            if count + len(at) > room:
                return self
            column[count : count + len(at)] = at % r
            value[count : count + len(at)] = rows.flatten()[at]
            count += len(at)
        return Pairs.of(torch.cat(lengths), column[:count], value[:count])


@dataclass(frozen=True)
class Pairs:
    """The similarities of a candidate that exceed the cover of their point; the others are gone for good."""

    start: Int[Tensor, " u"]
    length: Int[Tensor, " u"]
    column: Int[Tensor, " p"]
    value: Float[Tensor, " p"]

    @staticmethod
    def of(length: Int[Tensor, " u"], column: Int[Tensor, " p"], value: Float[Tensor, " p"]) -> Pairs:
        """Return pairs given in the order of the candidates, and how many each of these has."""
        return Pairs(length.cumsum(0) - length, length, column, value)

    def width(self, of: Int[Tensor, " q"]) -> int:
        """Return how many pairs a candidate has at most."""
        return max(1, int(self.length[of].max()))

    def some(self, of: Int[Tensor, " q"]) -> tuple[Float[Tensor, "q w"], Int[Tensor, "q w"]]:
        """Return similarities and points of some candidates, the missing pairs as -inf."""
        length = self.length[of][:, None]
        width = max(1, int(length.max()))
        place = torch.arange(width, device=of.device)
        at = (self.start[of][:, None] + place).clamp_max_(max(0, len(self.value) - 1))
        there = place < length
        if not len(self.value):
            return self.value.new_full(at.shape, -torch.inf), torch.zeros_like(at)
        return self.value[at].masked_fill_(~there, -torch.inf), self.column[at].long()

    def narrowed(self, cover: Float[Tensor, " r"], pairs: int) -> Pairs:
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
        return Pairs.of(left.diff(), self.column[:count], self.value[:count])
