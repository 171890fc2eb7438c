"""Step: draw a figure from tables. A figure is a name here and in `altools.layout`, and a module in `altools.plotting`.

Every function of `FIGURES` takes `Tables` and returns the figure with the numbers that it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from altools import storage
from altools.data import prepared
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
from altools.runtime.job import Job
from altools.statistics import cost, detectable, diagnostics, paired, penalty
from altools.statistics import ranks as rank_statistics
from altools.steps import tables

SHOWN = 6  # images per strategy and round on a contact sheet
REPRESENTED = 3  # picks per strategy on the sheet that shows which images they represent

Drawing = tuple[Figure, pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Files that are written: the figure twice, and its numbers."""

    svg: str
    png: str
    table: str


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Inputs of one figure; each drawing function reads those that it needs."""

    inputs: Mapping[str, Any]
    dataset: str = ""
    setting: str = ""
    strategies: Sequence[str] = ()
    seeds: Sequence[int] = ()

    def read(self, name: str) -> pd.DataFrame:
        """Return the rows of this setting, or of all settings where the figure is about all."""
        given = self.inputs[name]
        rows = storage.read_table(given) if isinstance(given, str) else tables.read(given)
        return rows[rows["setting"] == self.setting].reset_index(drop=True) if self.setting else rows

    @property
    def info(self) -> dict[str, Any]:
        """Content of ``dataset.json``."""
        return storage.read_json(self.inputs["dataset_info"])

    @property
    def pool(self) -> pd.DataFrame:
        """Classes of the training set."""
        return tables.class_counts(self.dataset, self.info)

    @property
    def pixels(self) -> np.ndarray:
        """Training images."""
        return prepared.pixels(Path(self.inputs["dataset_info"]).parent, "train")


def figure(inputs: Mapping[str, Any], outputs: Outputs, name: str, subject: Mapping[str, Any], job: Job) -> None:
    """Draw a figure, beside the numbers that it shows.

    Args:
        inputs: files that are read.
        outputs: files that are written.
        name: of the figure.
        subject: what it is about: further fields of `Tables`.
        job: who computes.
    """
    drawing, numbers = FIGURES[name](Tables(inputs=inputs, **subject))
    files.save(drawing, Path(outputs.table).with_suffix(""), numbers)


def _learning_curves(given: Tables) -> Drawing:
    points = learning_curves.table(given.read("curves"))
    return learning_curves.figure(points), points


def _learning_curves_grid(given: Tables) -> Drawing:
    points = learning_curves.table(given.read("curves"))
    return learning_curves.grid(points), points


def _differences(given: Tables) -> Drawing:
    curves = given.read("curves")
    rows = paired.table(curves)
    seeds = detectable.table(curves)
    smallest = seeds.loc[seeds["measure"] == "area", "smallest_significant"]
    return differences.figure(rows, smallest=smallest.iloc[0] if len(smallest) else None), rows


def _cost_gain(given: Tables) -> Drawing:
    rows = cost.against_time(given.read("curves"), given.read("costs"))
    return cost_gain.figure(rows), rows


def _class_histograms(given: Tables) -> Drawing:
    rows = diagnostics.class_histogram(given.read("queries"), given.pool)
    return class_histograms.figure(rows, classes=given.info["classes"]), rows


def _profiles(given: Tables) -> Drawing:
    rows = diagnostics.summary(diagnostics.measures(given.read("queries"), given.read("query_sizes"), given.pool))
    return profiles.figure(rows), rows


def _overlap(given: Tables) -> Drawing:
    rows = diagnostics.overlap(given.read("queries"))
    first = given.read("query_sizes").sort_values("round").iloc[0]
    chance = diagnostics.chance_overlap(int(first["budget"]), int(first["pool"]))
    return overlap.figure(rows, chance=chance), rows


def _queried_images(given: Tables) -> Drawing:
    """Draw the first images that each strategy asked for in its first and last round, for the first seed."""
    rows = given.read("queries")
    rows = rows[(rows["seed"] == rows["seed"].min()) & (rows["order"] < SHOWN)]
    if rows.empty:
        raise UserError(f"the setting {given.setting} must have queries. Got none; give it at least 2 rounds.")
    ends = sorted({rows["round"].min(), rows["round"].max()})
    rows = rows[rows["round"].isin(ends)]
    images, classes = given.pixels, given.info["classes"]
    sheet = [
        (style.title(strategy), [_pictures(images, classes, own[own["round"] == round]) for round in ends])
        for strategy, own in _by_title(rows)
    ]
    drawing = contact_sheet.figure(
        sheet,
        heading=f"{given.dataset}, {given.setting}: first images asked for (seed {rows['seed'].iloc[0]})",
        titles=[f"round {round}" for round in ends],
        columns=[SHOWN] * len(ends),
    )
    return drawing, rows


def _represented_images(given: Tables) -> Drawing:
    """Draw the picks of each strategy's last query that represent most images, beside the nearest of these."""
    labels = storage.read_columns(given.inputs["index"], ["label"])["label"]
    images, classes = given.pixels, given.info["classes"]
    sheet, shown = [], []
    for strategy, file in zip(given.strategies, given.inputs["represented"], strict=True):
        picks = storage.read_table(file).reset_index(names="order")
        most = picks.sort_values(["represents", "order"], ascending=[False, True]).head(REPRESENTED)
        for row in most.to_dict("records"):
            rows = pd.DataFrame({"index": row["members"], "strategy": strategy, "order": row["order"]})
            rows = rows.assign(label=labels[rows["index"]], represents=row["represents"])
            shown.append(rows)
            name = f"{style.title(strategy)}\nfor {row['represents']} images"
            first, others = rows.head(1), rows.tail(len(rows) - 1)
            sheet.append((name, [_pictures(images, classes, part) for part in (first, others)]))
    drawing = contact_sheet.figure(
        sheet,
        heading=f"{given.dataset}, {given.setting}: the picks that represent most images, last round",
        titles=["asked for", "the nearest images that it represents"],
        columns=[1, max(1, *(len(blocks[1][0]) for _, blocks in sheet))],
    )
    return drawing, pd.concat(shown, ignore_index=True)


def _pretraining(given: Tables) -> Drawing:
    runs = [
        storage.read_table(file).assign(dataset=given.dataset, seed=seed)
        for seed, file in zip(given.seeds, given.inputs["histories"], strict=True)
    ]
    rows = pd.concat(runs, ignore_index=True)
    even = storage.read_json(given.inputs["metrics"][0])["even_projection_std"]
    return simsiam.figure(rows, even=even), rows


def _settings(given: Tables) -> Drawing:
    rows = given.read("curves")
    return settings.figure(rows), rows[rows["metric"] == "accuracy"]


def _penalty_matrix(given: Tables) -> Drawing:
    rows = penalty.table(given.read("all_curves"))
    return penalty_matrix.figure(rows), rows


def _ranks(given: Tables) -> Drawing:
    rows = rank_statistics.per_dataset(given.read("all_curves"))
    return ranks.figure(rows), rows


def _critical_difference(given: Tables) -> Drawing:
    rows = rank_statistics.table(given.read("all_curves"))
    return critical_difference.figure(rows), rows


FIGURES: dict[str, Callable[[Tables], Drawing]] = {
    "learning_curves": _learning_curves,
    "learning_curves_grid": _learning_curves_grid,
    "differences": _differences,
    "cost_gain": _cost_gain,
    "class_histograms": _class_histograms,
    "overlap": _overlap,
    "profiles": _profiles,
    "queried_images": _queried_images,
    "represented_images": _represented_images,
    "pretraining": _pretraining,
    "settings": _settings,
    "penalty_matrix": _penalty_matrix,
    "ranks": _ranks,
    "critical_difference": _critical_difference,
}
"""How each figure is drawn."""


def _by_title(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the rows of each strategy, sorted by the titles that figures show."""
    groups = [(str(name), group) for name, group in rows.groupby("strategy")]
    return sorted(groups, key=lambda pair: style.title(pair[0]).lower())


def _pictures(images: np.ndarray, classes: Sequence[str], rows: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
    return np.asarray(images[rows["index"].to_numpy()]), [classes[label] for label in rows["label"]]
