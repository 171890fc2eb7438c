"""What a config means in work: trainings, queries and images, counted as the workflow shares them.

Round 0 is trained once per dataset, start and seed; a round that knows every label is the reference model; a strategy
that asks no model runs once for ``standard`` and ``reference_query``. Knows nothing about files or the graph.
"""

from __future__ import annotations

from dataclasses import dataclass

from altools.config import Config


@dataclass(frozen=True)
class Cost:
    """The work on one dataset."""

    dataset: str
    trainings: int
    queries: int
    trained_images: int
    """Images through forward and backward pass: labels times epochs, summed over trainings."""
    queried_images: int
    """Candidates that a strategy looks at, summed over queries; some strategies pass over them more than once."""


def grid_cost(config: Config) -> list[Cost]:
    """Return the work on each dataset."""
    starts = {start_of(setting) for setting in config.settings}
    runs = {
        (setting if config.strategy(name).needs else start_of(setting), name)
        for setting in config.settings
        for name in config.strategies_of(setting)
    }
    costs = []
    for dataset in config.datasets:
        all_rounds = range(dataset.rounds)
        shared = [0] if not dataset.takes_all(0) else []
        own = [round for round in all_rounds if round and not dataset.takes_all(round)]
        # -1 is the reference model.
        trained = [-1, *shared] * len(starts) + own * len(runs)
        asked = [round for round in all_rounds if round] * len(runs)
        costs.append(
            Cost(
                dataset.name,
                trainings=len(trained) * len(config.seeds),
                queries=len(asked) * len(config.seeds),
                trained_images=sum(map(dataset.labels, trained)) * dataset.recipe.epochs * len(config.seeds),
                queried_images=sum(dataset.train_images - dataset.labels(round - 1) for round in asked)
                * len(config.seeds),
            )
        )
    return costs


def start_of(setting: str) -> str:
    """Return the setting whose round 0 and reference model this one uses: they differ only in who queries."""
    return "standard" if setting == "reference_query" else setting


def as_text(costs: list[Cost]) -> str:
    """Return a line per dataset and one for all."""
    total = Cost(
        "in all",
        *(
            sum(getattr(cost, name) for cost in costs)
            for name in ("trainings", "queries", "trained_images", "queried_images")
        ),
    )
    rows = [*costs, total] if len(costs) > 1 else costs
    width = max(len(row.dataset) for row in rows)
    lines = [
        f"  {row.dataset:<{width}}  {row.trainings:>7,} trainings of {row.trained_images:>17,} images"
        f"  {row.queries:>7,} queries of {row.queried_images:>13,} images"
        for row in rows
    ]
    return "\n".join(["The whole grid of this config:", *lines])
