"""What a grid has done, what is left and for about how long, from its results folder alone.

The counts are those of `altools.runtime.cost`, which a test compares with the graph's. The time left is estimated from
the images trained by the last trainings that ended. What a change of config or code has made stale counts as done until
it is replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from altools.layout import Layout
from altools.runtime.cost import Cost, grid_cost

RECENT = 30  # trainings that the pace is taken from
QUIET = 5  # times the mean gap between two trainings, after which nothing seems to be running


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A training that has ended."""

    at: float
    """Seconds since the epoch."""
    images: int
    """Images through the network: labels times epochs."""


@dataclass(frozen=True, kw_only=True)
class State:
    """How far a dataset is; counts are (done, wanted)."""

    dataset: str
    trainings: tuple[int, int]
    queries: tuple[int, int]
    encoders: tuple[int, int]
    images_left: int
    ended: Sequence[Ended]

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return all(done >= wanted for done, wanted in (self.trainings, self.queries, self.encoders))


def states(layout: Layout) -> list[State]:
    """Return the state of every dataset of a config."""
    return [_state(layout, cost) for cost in grid_cost(layout)]


def _state(layout: Layout, cost: Cost) -> State:
    dataset = layout.config.dataset(cost.dataset)
    ended = []
    for folder, round in layout.trainings(cost.dataset):
        scores = Path(folder, "scores.json")
        if scores.exists():
            images = dataset.labels(round) * dataset.recipe.epochs
            ended.append(Ended(at=scores.stat().st_mtime, images=images))
    queries = sum(Path(folder, "query.json").exists() for folder, _ in layout.query_folders(cost.dataset))
    encoders = [Path(folder, "encoder.safetensors") for folder in layout.encoders(cost.dataset)]
    return State(
        dataset=cost.dataset,
        trainings=(len(ended), cost.trainings),
        queries=(queries, cost.queries),
        encoders=(sum(path.exists() for path in encoders), len(encoders)),
        images_left=cost.trained_images - sum(training.images for training in ended),
        ended=ended,
    )


def time_left(images: int, ended: Sequence[Ended], now: float) -> str:
    """Return in words how long ``images`` will take at the pace of the last trainings."""
    recent = sorted(ended, key=lambda training: training.at)[-RECENT:]
    if len(recent) < 2 or recent[-1].at <= recent[0].at:
        return "unknown yet"
    seconds = recent[-1].at - recent[0].at
    if now - recent[-1].at > QUIET * max(seconds / (len(recent) - 1), 60):
        return f"nothing has ended for {duration(now - recent[-1].at)}"
    # The first of them only marks the start of the time that the others took.
    return f"about {duration(images * seconds / sum(training.images for training in recent[1:]))}"


def duration(seconds: float) -> str:
    """Return a length of time with a fitting unit.

    Example:
        >>> duration(90.0), duration(5400.0)
        ('1.5 min', '1.5 h')
    """
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def as_text(states: Sequence[State], now: float) -> str:
    """Return a line per dataset. All datasets share the machine, so the pace is that of the whole grid."""
    ended = [training for state in states for training in state.ended]
    rows: list[tuple[str, ...]] = [("", "trainings", "queries", "encoders", "left")]
    for state in states:
        counts = [f"{done} of {wanted}" for done, wanted in (state.trainings, state.queries, state.encoders)]
        rows.append((state.dataset, *counts, "done" if state.done else time_left(state.images_left, ended, now)))
    if len(states) > 1 and not all(state.done for state in states):
        rows.append(("in all", "", "", "", time_left(sum(state.images_left for state in states), ended, now)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
