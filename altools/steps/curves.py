"""Steps: the scores and costs of single rounds, gathered into tidy tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from altools import storage
from altools.steps.job import provenance

NEVER = float("nan")
REFERENCE = "reference"


def curve(
    *,
    scores: Sequence[str],
    histories: Sequence[str],
    queries: Sequence[str],
    curve: str,
    cost: str,
    dataset: str,
    setting: str,
    strategy: str,
    seeds: Sequence[int],
    rounds: int,
    code: str,
) -> None:
    """Write one strategy's curve (what was reached, the same bytes in every run) and cost (what it took).

    Args:
        scores: ``scores.json`` of every seed and round, rounds fastest.
        histories: ``history.parquet``, likewise.
        queries: ``query.json`` of every seed and round but the first.
        curve: written; one row per seed, round and metric.
        cost: written; one row per seed and round. A shared model's seconds count for everyone who uses it.
        dataset: named in every row.
        setting: likewise.
        strategy: likewise.
        seeds: in the order of the files.
        rounds: trainings per run.
        code: fingerprint.
    """
    who = {"dataset": dataset, "setting": setting, "strategy": strategy}
    notes = iter(queries)
    curve_rows, cost_rows = [], []
    points = [(seed, round) for seed in seeds for round in range(rounds)]
    for (seed, round), scores_file, history_file in zip(points, scores, histories, strict=True):
        record = storage.read_json(scores_file)
        point = {**who, "seed": seed, "round": round, "labels": record["labels"]}
        curve_rows += _metric_rows(point, record["metrics"])
        query = storage.read_json(next(notes)) if round else {}
        trained = storage.read_columns(history_file, ["wall_s", "peak_memory_mb"])
        cost_rows.append(
            {
                **point,
                "query_s": query.get("signals_s", 0.0) + query.get("select_s", 0.0),
                "train_s": float(trained["wall_s"].sum()),
                "query_peak_mb": query.get("peak_memory_mb", NEVER),
                "train_peak_mb": float(trained["peak_memory_mb"].max()),
            }
        )
    storage.write_table(curve, pd.DataFrame(curve_rows), provenance(code))
    storage.write_table(cost, pd.DataFrame(cost_rows), provenance(code))


def dataset_curves(
    *,
    curve_files: Sequence[str],
    cost_files: Sequence[str],
    references: Sequence[str],
    curves: str,
    costs: str,
    dataset: str,
    seeds: Sequence[int],
    settings: Mapping[str, str],
    code: str,
) -> None:
    """Write all curves of a dataset as one table, its reference models as strategy "reference", round -1.

    Args:
        curve_files: one per setting and strategy.
        cost_files: likewise.
        references: ``scores.json`` of every start and seed, seeds fastest.
        curves: written.
        costs: written.
        dataset: name.
        seeds: in the order of the files.
        settings: each setting with the start it uses.
        code: fingerprint.
    """
    starts = list(dict.fromkeys(settings.values()))
    points = [(start, seed) for start in starts for seed in seeds]
    rows = []
    for (start, seed), file in zip(points, references, strict=True):
        record = storage.read_json(file)
        for setting in (name for name, used in settings.items() if used == start):
            point = {"dataset": dataset, "setting": setting, "strategy": REFERENCE, "seed": seed, "round": -1}
            rows += _metric_rows({**point, "labels": record["labels"]}, record["metrics"])
    tables = [storage.read_table(file) for file in curve_files]
    storage.write_table(curves, pd.concat([*tables, pd.DataFrame(rows)], ignore_index=True), provenance(code))
    spent = pd.concat([storage.read_table(file) for file in cost_files], ignore_index=True)
    storage.write_table(costs, spent, provenance(code))


def dataset_queries(
    *,
    queries: Sequence[str],
    notes: Sequence[str],
    index: str,
    table: str,
    asked: str,
    facts: str,
    points: Sequence[Sequence],
    dataset: str,
    code: str,
) -> None:
    """Write every query of a dataset: its images with their true classes, its numbers, and what the strategy noted.

    Args:
        queries: ``query.parquet`` files.
        notes: ``query.json`` files, in the same order.
        index: the training set's ``index.parquet``.
        table: written; a row per queried image.
        asked: written; a row per query with its sizes and spread.
        facts: written; a row per query and note, the value as text; a query without notes has one with an empty fact.
        points: setting, strategy, seed and round of each query.
        dataset: named in every row.
        code: fingerprint.
    """
    labels = storage.read_columns(index, ["label"])["label"]
    images, numbers, noted = [], [], []
    for (setting, strategy, seed, round), file, note in zip(points, queries, notes, strict=True):
        who = {"dataset": dataset, "setting": setting, "strategy": strategy, "seed": seed, "round": round}
        picks = storage.read_columns(file, ["index", "score", "represents"])
        place = {"order": range(len(picks["index"])), "label": labels[picks["index"]]}
        images.append(pd.DataFrame({**who, **picks, **place}))
        record = storage.read_json(note)
        sizes = {name: record[name] for name in ("budget", "pool")}
        spread = {name: NEVER if value is None else value for name, value in record["spread"].items()}
        labelled = len(labels) - record["pool"] + record["budget"]
        numbers.append({**who, "labels": labelled, **sizes, **spread})
        noted += [{**who, "fact": fact, "value": str(value)} for fact, value in (record["notes"] or {"": ""}).items()]
    for path, rows in ((table, pd.concat(images)), (asked, pd.DataFrame(numbers)), (facts, pd.DataFrame(noted))):
        storage.write_table(path, rows.reset_index(drop=True), provenance(code))


def _metric_rows(point: Mapping[str, object], metrics: Mapping[str, float | None]) -> list[dict[str, object]]:
    """Return a row per metric; an undefined number (null in JSON) is NaN."""
    return [
        {**point, "metric": name, "value": NEVER if value is None else float(value)} for name, value in metrics.items()
    ]
