"""Steps: tables to figures. A figure is a name here and a module in `altools.plotting`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from altools import datasets, storage
from altools.errors import UserError
from altools.plotting import (
    class_histograms,
    contact_sheet,
    cost_gain,
    critical_difference,
    differences,
    files,
    learning_curves,
    overlap,
    penalty_matrix,
    ranks,
    settings,
    style,
)
from altools.statistics import cost, diagnostics, paired, penalty
from altools.statistics import ranks as rank_statistics

SHOWN = 12  # images in a row of a contact sheet


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What the figures of one dataset and setting are drawn from."""

    curves: pd.DataFrame
    costs: pd.DataFrame
    queries: pd.DataFrame
    classes: list[str]
    train_counts: list[int]


Drawing = tuple[Figure, pd.DataFrame]


def _learning_curves(tables: Tables) -> Drawing:
    return learning_curves.figure(tables.curves), learning_curves.table(tables.curves)


def _learning_curves_grid(tables: Tables) -> Drawing:
    return learning_curves.grid(tables.curves), learning_curves.table(tables.curves)


def _differences(tables: Tables) -> Drawing:
    rows = paired.table(tables.curves)
    return differences.figure(rows), rows


def _cost_gain(tables: Tables) -> Drawing:
    rows = cost.against_time(tables.curves, tables.costs)
    return cost_gain.figure(rows), rows


def _class_histograms(tables: Tables) -> Drawing:
    name = tables.queries["dataset"].iloc[0]
    pool = pd.DataFrame({"dataset": name, "label": range(len(tables.classes)), "count": tables.train_counts})
    rows = diagnostics.class_histogram(tables.queries, pool)
    return class_histograms.figure(rows, classes=tables.classes), rows


def _overlap(tables: Tables) -> Drawing:
    rows = diagnostics.overlap(tables.queries)
    return overlap.figure(rows), rows


FIGURES: dict[str, Callable[[Tables], Drawing]] = {
    "learning_curves": _learning_curves,
    "learning_curves_grid": _learning_curves_grid,
    "differences": _differences,
    "cost_gain": _cost_gain,
    "class_histograms": _class_histograms,
    "overlap": _overlap,
}
"""The figures of one dataset and setting."""


def figure(
    *, name: str, facts: str, curves: str, costs: str, queries: str, table: str, setting: str, code: str
) -> None:
    """Draw the figure ``name`` of one dataset and setting beside ``table``, the numbers it shows."""
    record = storage.read_json(facts)
    tables = [storage.read_table(file) for file in (curves, costs, queries)]
    here = [rows[rows["setting"] == setting].reset_index(drop=True) for rows in tables]
    counts = list(record["train"]["per_class"].values())
    drawn, numbers = FIGURES[name](
        Tables(curves=here[0], costs=here[1], queries=here[2], classes=record["classes"], train_counts=counts)
    )
    files.save(drawn, Path(table).with_suffix(""), numbers)


def settings_side_by_side(*, curves: str, table: str, code: str) -> None:
    """Draw all settings of one dataset on one scale."""
    rows = storage.read_table(curves)
    files.save(settings.figure(rows), Path(table).with_suffix(""), rows[rows["metric"] == "accuracy"])


OVERALL: dict[str, Callable[[pd.DataFrame], Drawing]] = {
    "penalty_matrix": lambda rows: (penalty_matrix.figure(penalty.table(rows)), penalty.table(rows)),
    "ranks": lambda rows: (ranks.figure(rank_statistics.per_dataset(rows)), rank_statistics.per_dataset(rows)),
    "critical_difference": lambda rows: (
        critical_difference.figure(rank_statistics.table(rows)),
        rank_statistics.table(rows),
    ),
}
"""The figures of one setting over all datasets."""


def overall_figure(*, name: str, curves: Sequence[str], table: str, setting: str, code: str) -> None:
    """Draw the figure ``name`` of one setting over all datasets."""
    rows = pd.concat([storage.read_table(file) for file in curves], ignore_index=True)
    drawn, numbers = OVERALL[name](rows[rows["setting"] == setting].reset_index(drop=True))
    files.save(drawn, Path(table).with_suffix(""), numbers)


def queried_images(*, facts: str, queries: str, table: str, setting: str, code: str) -> None:
    """Draw the first images that each strategy asked for in its first and last round, for the first seed."""
    record = storage.read_json(facts)
    rows = storage.read_table(queries)
    rows = rows[(rows["setting"] == setting) & (rows["seed"] == rows["seed"].min()) & (rows["order"] < SHOWN)]
    if rows.empty:
        raise UserError(f"{queries} must hold queries of the setting {setting}. Got none; give it at least 2 rounds.")
    ends = rows[rows["round"].isin({rows["round"].min(), rows["round"].max()})]
    images = datasets.pixels(Path(facts).parent, "train")
    sheet = [
        (
            f"{style.title(strategy)}\nround {round}",
            np.asarray(images[picked["index"]]),
            [record["classes"][i] for i in picked["label"]],
        )
        for (strategy, round), picked in ends.groupby(["strategy", "round"], sort=True)
    ]
    drawn = contact_sheet.figure(sheet, heading=f"{rows['dataset'].iloc[0]}, {setting}: queried images")
    files.save(drawn, Path(table).with_suffix(""), ends)
