"""What a config means in work: trainings, queries and images, counted as the workflow shares them.

Round 0 is trained once per dataset, start and seed. A round that knows every label is the reference model. A strategy
that asks no model runs once for settings that differ in the asked model only.
"""

from __future__ import annotations

from dataclasses import dataclass

from altools.layout import Layout


@dataclass(frozen=True)
class Cost:
    """The work on one dataset."""

    dataset: str
    trainings: int
    queries: int
    trained_images: int
    """Images through forward and backward pass: labels times epochs, summed over trainings."""
    queried_images: int
    """Candidates, summed over queries; some strategies pass over them more than once."""


def grid_cost(layout: Layout) -> list[Cost]:
    """Return the work on each dataset."""
    return [_dataset_cost(layout, name) for name in layout.datasets]


def _dataset_cost(layout: Layout, name: str) -> Cost:
    dataset = layout.config.dataset(name)
    trained = [round for _, round in layout.trainings(name)]
    queried = [round for _, round in layout.query_folders(name)]
    return Cost(
        name,
        trainings=len(trained),
        queries=len(queried),
        trained_images=sum(map(dataset.labels, trained)) * dataset.recipe.epochs,
        queried_images=sum(dataset.train_images - dataset.labels(round - 1) for round in queried),
    )


def as_text(costs: list[Cost]) -> str:
    """Return a line per dataset, and one for all where there are several."""
    counts = ("trainings", "queries", "trained_images", "queried_images")
    total = Cost("in all", *(sum(getattr(cost, name) for cost in costs) for name in counts))
    rows = [*costs, total] if len(costs) > 1 else costs
    width = max(len(row.dataset) for row in rows)
    lines = [
        f"  {row.dataset:<{width}}  {row.trainings:>7,} trainings of {row.trained_images:>17,} images"
        f"  {row.queries:>7,} queries of {row.queried_images:>13,} images"
        for row in rows
    ]
    return "\n".join(["The whole grid of this config:", *lines])
