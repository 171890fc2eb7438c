"""Steps: gather the scores, costs and queries of single rounds into tidy tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from altools import storage
from altools.columns import REFERENCE, SPREAD
from altools.runtime.job import Job

NEVER = float("nan")
"""Value of a number that is undefined, or was not measured."""

Point = Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class CurveInputs:
    """Files of one strategy."""

    scores: Sequence[str]
    """``scores.json`` of every point, a seed and round."""
    histories: Sequence[str]
    """``history.parquet`` of every point."""
    query_notes: Sequence[str]
    """``query.json`` of every point but those of round 0."""


@dataclass(frozen=True, kw_only=True)
class CurveOutputs:
    """Tables of one strategy, or of one dataset."""

    curves: str
    """A row per seed, round and metric; the same bytes in every run."""
    costs: str
    """A row per seed and round. A shared model's seconds count for every strategy that uses it."""


def curve(inputs: CurveInputs, outputs: CurveOutputs, points: Sequence[Point], job: Job) -> None:
    """Write one strategy's curve and its costs.

    Args:
        inputs: files that are read.
        outputs: files that are written.
        points: seed and round of each file.
        job: who computes; its wildcards name dataset, setting and strategy.
    """
    run = {name: job.wildcards[name] for name in ("dataset", "setting", "strategy")}
    notes = iter(inputs.query_notes)
    curve_rows, cost_rows = [], []
    for (seed, round), scores_file, history_file in zip(points, inputs.scores, inputs.histories, strict=True):
        record = storage.read_json(scores_file)
        point = {**run, "seed": seed, "round": round, "labels": record["labels"]}
        curve_rows += _metric_rows(point, record["metrics"])
        query = storage.read_json(next(notes)) if round else {}
        cost_rows.append({**point, **_cost(query, storage.read_columns(history_file, ["wall_s", "peak_memory_mb"]))})
    storage.write_table(outputs.curves, pd.DataFrame(curve_rows), job.provenance(["scores"]))
    storage.write_table(outputs.costs, pd.DataFrame(cost_rows), job.provenance())


@dataclass(frozen=True, kw_only=True)
class DatasetCurvesInputs:
    """Tables of every strategy of a dataset."""

    curves: Sequence[str]
    costs: Sequence[str]
    references: Sequence[str]
    """``scores.json`` of every reference model."""


def dataset_curves(
    inputs: DatasetCurvesInputs,
    outputs: CurveOutputs,
    settings: Mapping[str, str],
    points: Sequence[Point],
    job: Job,
) -> None:
    """Write all curves of a dataset as one table, its reference models as strategy "reference", round -1.

    Args:
        inputs: files that are read.
        outputs: files that are written.
        settings: for each setting, the name of its reference model.
        points: name and seed of each reference model.
        job: who computes; its wildcards name the dataset.
    """
    rows = []
    for (model, seed), file in zip(points, inputs.references, strict=True):
        record = storage.read_json(file)
        for setting in (name for name, used in settings.items() if used == model):
            run = {"dataset": job.wildcards["dataset"], "setting": setting, "strategy": REFERENCE}
            rows += _metric_rows({**run, "seed": seed, "round": -1, "labels": record["labels"]}, record["metrics"])
    curves = pd.concat([*map(storage.read_table, inputs.curves), pd.DataFrame(rows)], ignore_index=True)
    costs = pd.concat([*map(storage.read_table, inputs.costs)], ignore_index=True)
    storage.write_table(outputs.curves, curves, job.provenance(["curves", "references"]))
    storage.write_table(outputs.costs, costs, job.provenance())


@dataclass(frozen=True, kw_only=True)
class DatasetQueriesInputs:
    """Files of every query of a dataset."""

    selections: Sequence[str]
    """``query.parquet`` of each query."""
    query_notes: Sequence[str]
    """``query.json`` of each query."""
    index: str
    """``index.parquet`` of the training set."""


@dataclass(frozen=True, kw_only=True)
class DatasetQueriesOutputs:
    """Tables of the queries of a dataset."""

    queries: str
    """A row per queried image, with its true class."""
    query_sizes: str
    """A row per query with its sizes and spread."""
    query_notes: str
    """A row per query and note, the value as text; a query without notes has a row with an empty note."""


def dataset_queries(
    inputs: DatasetQueriesInputs, outputs: DatasetQueriesOutputs, points: Sequence[Point], job: Job
) -> None:
    """Write every query of a dataset.

    Args:
        inputs: files that are read.
        outputs: files that are written.
        points: setting, strategy, seed and round of each query.
        job: who computes; its wildcards name the dataset.
    """
    labels = storage.read_columns(inputs.index, ["label"])["label"]
    images, sizes, notes = [], [], []
    for point, selection, note in zip(points, inputs.selections, inputs.query_notes, strict=True):
        run = {
            "dataset": job.wildcards["dataset"],
            **dict(zip(("setting", "strategy", "seed", "round"), point, strict=True)),
        }
        picks = storage.read_columns(selection, ["index", "score", "represents"])
        columns = {"order": range(len(picks["index"])), "label": labels[picks["index"]]}
        images.append(pd.DataFrame({**run, **picks, **columns}))
        record = storage.read_json(note)
        labelled = len(labels) - record["pool"] + record["budget"]
        spread = {name: NEVER if record["spread"][name] is None else record["spread"][name] for name in SPREAD}
        sizes.append({**run, "labels": labelled, "budget": record["budget"], "pool": record["pool"], **spread})
        notes += [{**run, "note": name, "value": str(value)} for name, value in (record["notes"] or {"": ""}).items()]
    tables = {outputs.queries: pd.concat(images), outputs.query_sizes: pd.DataFrame(sizes)}
    for path, rows in {**tables, outputs.query_notes: pd.DataFrame(notes)}.items():
        storage.write_table(path, rows.reset_index(drop=True), job.provenance())


def _metric_rows(point: Mapping[str, object], metrics: Mapping[str, float | None]) -> list[dict[str, object]]:
    """Return a row per metric; an undefined number, null in JSON, is NaN."""
    return [
        {**point, "metric": name, "value": NEVER if value is None else float(value)} for name, value in metrics.items()
    ]


def _cost(query: Mapping[str, Any], history: Mapping[str, Any]) -> dict[str, float]:
    return {
        "query_s": query.get("signals_s", 0.0) + query.get("select_s", 0.0),
        "train_s": float(history["wall_s"].sum()),
        "query_peak_mb": query.get("peak_memory_mb", NEVER),
        "train_peak_mb": float(history["peak_memory_mb"].max()),
    }
