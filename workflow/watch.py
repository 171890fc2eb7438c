"""``make watch``: what a grid has done, what is left and for about how long, read from its results folder alone.

It can be started and stopped at any time, also from another machine that sees the folder. The counts are those of
`altools.cost`, which a test compares with the graph's. The time left goes by images trained, at the pace of the last
trainings that ended. What a change of config or code has made stale counts as done until it is replaced.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from altools import config as typed_config
from altools.config import Config, Dataset
from altools.cost import Cost, grid_cost, start_of
from altools.errors import UserError

RECENT = 30  # trainings that the pace is taken from
QUIET = 5  # times the mean gap between two trainings: then nothing seems to be running


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A training that has ended."""

    at: float
    """Seconds since the epoch."""
    images: int
    """Images through the network: labels times epochs."""


@dataclass(frozen=True, kw_only=True)
class State:
    """How far a dataset is."""

    dataset: str
    trainings: tuple[int, int]
    """Done and wanted; likewise below."""
    queries: tuple[int, int]
    encoders: tuple[int, int]
    images_left: int
    ended: Sequence[Ended]

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return all(done >= wanted for done, wanted in (self.trainings, self.queries, self.encoders))


def states(config: Config) -> list[State]:
    """Return the state of every dataset of a config."""
    return [_state(config, config.dataset(cost.dataset), cost) for cost in grid_cost(config)]


def _state(config: Config, dataset: Dataset, cost: Cost) -> State:
    ended, queries = [], 0
    for folder, round in _folders(config, dataset):
        scores, query = folder / "scores.json", folder / "query.json"
        if scores.exists():
            images = dataset.labels(round) * dataset.recipe.epochs
            ended.append(Ended(at=scores.stat().st_mtime, images=images))
        queries += round > 0 and query.exists()
    pretrained = Path(config.results, "pretrain", dataset.name)
    encoders = [pretrained / f"seed{seed}" / "encoder.safetensors" for seed in config.seeds]
    wanted = len(encoders) if "simsiam" in config.settings else 0
    return State(
        dataset=dataset.name,
        trainings=(len(ended), cost.trainings),
        queries=(queries, cost.queries),
        encoders=(sum(path.exists() for path in encoders) if wanted else 0, wanted),
        images_left=cost.trained_images - sum(one.images for one in ended),
        ended=ended,
    )


def _folders(config: Config, dataset: Dataset) -> Iterator[tuple[Path, int]]:
    """Yield the folder of every model and query with its round; -1 is the reference model."""
    for start in {start_of(setting) for setting in config.settings}:
        for seed in config.seeds:
            yield Path(config.results, "reference", dataset.name, start, f"seed{seed}"), -1
            yield Path(config.results, "rounds", dataset.name, start, "shared", f"seed{seed}", "round0"), 0
    runs = {
        (setting if config.strategy(name).needs else start_of(setting), name)
        for setting in config.settings
        for name in config.strategies_of(setting)
    }
    for setting, name in runs:
        for seed in config.seeds:
            for round in range(1, dataset.rounds):
                yield Path(config.results, "rounds", dataset.name, setting, name, f"seed{seed}", f"round{round}"), round


def time_left(images: int, ended: Sequence[Ended], now: float) -> str:
    """Return how long ``images`` will take at the pace of the last trainings, in words."""
    recent = sorted(ended, key=lambda one: one.at)[-RECENT:]
    if len(recent) < 2 or recent[-1].at <= recent[0].at:
        return "unknown yet"
    seconds = recent[-1].at - recent[0].at
    if now - recent[-1].at > QUIET * max(seconds / (len(recent) - 1), 60):
        return f"nothing has ended for {in_words(now - recent[-1].at)}"
    # The first of them only marks the start of the time that the others took.
    return f"about {in_words(images * seconds / sum(one.images for one in recent[1:]))}"


def in_words(seconds: float) -> str:
    """Return a length of time with the unit that suits it."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def as_text(found: Sequence[State], now: float) -> str:
    """Return a line per dataset. The pace of one is that of the whole grid, for they share the machine."""
    ended = [one for state in found for one in state.ended]
    rows = [("", "trainings", "queries", "encoders", "left")]
    for state in found:
        counts = [f"{done} of {wanted}" for done, wanted in (state.trainings, state.queries, state.encoders)]
        rows.append((state.dataset, *counts, "done" if state.done else time_left(state.images_left, ended, now)))
    if len(found) > 1 and not all(state.done for state in found):
        rows.append(("in all", "", "", "", time_left(sum(state.images_left for state in found), ended, now)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def main() -> None:
    """Print the state, again and again until everything is done or the user stops."""
    parser = argparse.ArgumentParser(description="Say what a grid has done and what is left.")
    parser.add_argument("config", help="the config file that the grid was started with")
    parser.add_argument("--results", help="its results folder, where that was named on the command line")
    parser.add_argument("--once", action="store_true", help="print once and end")
    given = parser.parse_args()
    try:
        values = yaml.safe_load(Path(given.config).read_text(encoding="utf-8"))
        config = typed_config.load({**values, **({"results": given.results} if given.results else {})})
    except (OSError, UserError) as error:
        raise SystemExit(f"Error: {error}") from None
    while True:
        found = states(config)
        clear = "\033[H\033[2J" if sys.stdout.isatty() else ""
        print(f"{clear}{as_text(found, time.time())}", flush=True)
        if given.once or all(state.done for state in found):
            return
        time.sleep(10)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print()
