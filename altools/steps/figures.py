"""Steps: tables to figures. A figure is a name here and a module in `altools.plotting`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from altools import prepared, storage
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
    profiles,
    ranks,
    settings,
    simsiam,
    style,
)
from altools.statistics import cost, detectable, diagnostics, paired, penalty
from altools.statistics import ranks as rank_statistics
from altools.steps import tables

SHOWN = 6  # images per strategy and round on a contact sheet
STANDS_FOR = 3  # picks per strategy on the sheet that shows what they stand for


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What the figures of one dataset and setting are drawn from, read by those that need them."""

    files: Mapping[str, str]
    dataset: str
    setting: str
    record: Mapping[str, Any]

    def read(self, name: str) -> pd.DataFrame:
        """Return the rows of this setting in one of the tables; queries are millions in a large grid."""
        rows = storage.read_table(self.files[name])
        return rows[rows["setting"] == self.setting].reset_index(drop=True)

    @property
    def pool(self) -> pd.DataFrame:
        """The classes of the training set."""
        return tables.class_counts(self.dataset, dict(self.record))


Drawing = tuple[Figure, pd.DataFrame]


def _learning_curves(made: Tables) -> Drawing:
    points = learning_curves.table(made.read("curves"))
    return learning_curves.figure(points), points


def _learning_curves_grid(made: Tables) -> Drawing:
    points = learning_curves.table(made.read("curves"))
    return learning_curves.grid(points), points


def _differences(made: Tables) -> Drawing:
    curves = made.read("curves")
    rows = paired.table(curves)
    seeds = detectable.table(curves)
    smallest = seeds.loc[seeds["measure"] == "area", "smallest_significant"]
    return differences.figure(rows, smallest=smallest.iloc[0] if len(smallest) else None), rows


def _cost_gain(made: Tables) -> Drawing:
    rows = cost.against_time(made.read("curves"), made.read("costs"))
    return cost_gain.figure(rows), rows


def _class_histograms(made: Tables) -> Drawing:
    rows = diagnostics.class_histogram(made.read("queries"), made.pool)
    return class_histograms.figure(rows, classes=made.record["classes"]), rows


def _profiles(made: Tables) -> Drawing:
    rows = diagnostics.summary(diagnostics.measures(made.read("queries"), made.read("asked"), made.pool))
    return profiles.figure(rows), rows


def _overlap(made: Tables) -> Drawing:
    rows = diagnostics.overlap(made.read("queries"))
    first = made.read("asked").sort_values("round").iloc[0]
    chance = diagnostics.chance_overlap(int(first["budget"]), int(first["pool"]))
    return overlap.figure(rows, chance=chance), rows


FIGURES: dict[str, Callable[[Tables], Drawing]] = {
    "learning_curves": _learning_curves,
    "learning_curves_grid": _learning_curves_grid,
    "differences": _differences,
    "cost_gain": _cost_gain,
    "class_histograms": _class_histograms,
    "overlap": _overlap,
    "profiles": _profiles,
}
"""The figures of one dataset and setting."""


def figure(
    *,
    name: str,
    facts: str,
    curves: str,
    costs: str,
    queries: str,
    asked: str,
    table: str,
    dataset: str,
    setting: str,
    code: str,
) -> None:
    """Draw the figure ``name`` of one dataset and setting beside ``table``, the numbers it shows."""
    sources = {"curves": curves, "costs": costs, "queries": queries, "asked": asked}
    made = Tables(files=sources, dataset=dataset, setting=setting, record=storage.read_json(facts))
    drawn, numbers = FIGURES[name](made)
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
    rows = tables.read(curves)
    drawn, numbers = OVERALL[name](rows[rows["setting"] == setting].reset_index(drop=True))
    files.save(drawn, Path(table).with_suffix(""), numbers)


def queried_images(*, facts: str, queries: str, table: str, setting: str, code: str) -> None:
    """Draw the first images that each strategy asked for in its first and last round, for the first seed."""
    record = storage.read_json(facts)
    rows = storage.read_table(queries)
    rows = rows[(rows["setting"] == setting) & (rows["seed"] == rows["seed"].min()) & (rows["order"] < SHOWN)]
    if rows.empty:
        raise UserError(f"{queries} must hold queries of the setting {setting}. Got none; give it at least 2 rounds.")
    ends = sorted({rows["round"].min(), rows["round"].max()})
    rows = rows[rows["round"].isin(ends)]
    images = prepared.pixels(Path(facts).parent, "train")
    sheet = [
        (
            style.title(strategy),
            [_pictures(images, record["classes"], mine[mine["round"] == round]) for round in ends],
        )
        for strategy, mine in _by_title(rows)
    ]
    drawn = contact_sheet.figure(
        sheet,
        heading=f"{rows['dataset'].iloc[0]}, {setting}: first images asked for (seed {rows['seed'].iloc[0]})",
        titles=[f"round {round}" for round in ends],
        columns=[SHOWN] * len(ends),
    )
    files.save(drawn, Path(table).with_suffix(""), rows)


def represented_images(
    *,
    facts: str,
    index: str,
    queries: Sequence[str],
    strategies: Sequence[str],
    table: str,
    dataset: str,
    setting: str,
    code: str,
) -> None:
    """Draw what the picks that stand for most images of the pool stand for, in one query of each strategy.

    Args:
        facts: ``dataset.json``.
        index: the training set's ``index.parquet``.
        queries: ``query.parquet`` of each strategy.
        strategies: their names.
        table: written, with the figure beside it.
        dataset: named in the heading.
        setting: likewise.
        code: fingerprint.
    """
    record = storage.read_json(facts)
    labels = storage.read_columns(index, ["label"])["label"]
    images = prepared.pixels(Path(facts).parent, "train")
    sheet, found = [], []
    for strategy, file in zip(strategies, queries, strict=True):
        picks = storage.read_table(file).reset_index(names="order")
        most = picks.sort_values(["represents", "order"], ascending=[False, True]).head(STANDS_FOR)
        for row in most.to_dict("records"):
            rows = pd.DataFrame({"index": row["members"], "strategy": strategy, "order": row["order"]})
            rows = rows.assign(label=labels[rows["index"]], represents=row["represents"])
            found.append(rows)
            name = f"{style.title(strategy)}\nfor {row['represents']} images"
            first, others = rows.head(1), rows.tail(len(rows) - 1)
            sheet.append((name, [_pictures(images, record["classes"], part) for part in (first, others)]))
    drawn = contact_sheet.figure(
        sheet,
        heading=f"{dataset}, {setting}: the picks that stand for most images, last round",
        titles=["asked for", "the nearest images that it stands for"],
        columns=[1, max(1, *(len(blocks[1][0]) for _, blocks in sheet))],
    )
    files.save(drawn, Path(table).with_suffix(""), pd.concat(found, ignore_index=True))


def pretraining(
    *, histories: Sequence[str], metrics: Sequence[str], seeds: Sequence[int], table: str, dataset: str, code: str
) -> None:
    """Draw the history of a dataset's pre-trainings, a line per seed."""
    runs = [
        storage.read_table(file).assign(dataset=dataset, seed=seed) for seed, file in zip(seeds, histories, strict=True)
    ]
    rows = pd.concat(runs, ignore_index=True)
    even = storage.read_json(metrics[0])["even_projection_std"]
    files.save(simsiam.figure(rows, even=even), Path(table).with_suffix(""), rows)


def _by_title(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows of each strategy in the order of the names a reader sees."""
    groups = [(str(name), group) for name, group in rows.groupby("strategy")]
    return sorted(groups, key=lambda pair: style.title(pair[0]).lower())


def _pictures(images: np.ndarray, classes: Sequence[str], rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    return np.asarray(images[rows["index"].to_numpy()]), [classes[label] for label in rows["label"]]
