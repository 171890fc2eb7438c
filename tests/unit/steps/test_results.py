"""From tables to statistics, figures and page through the rules' own functions, where results are thin or broken."""

import json

import numpy as np
import pandas as pd
import pytest

from altools import metrics, storage
from altools.steps import figures, report, statistics
from tests import tables

CASES = {
    "two_strategies": lambda rows: rows[rows["strategy"].isin(["random", "margin"])],
    "one_seed": lambda rows: rows[rows["seed"] == 0],
    "failed_seed": lambda rows: rows[(rows["strategy"] != "badge") | (rows["seed"] != 1)],
    "nan": lambda rows: (
        rows.assign(value=rows["value"].where(rows["strategy"] != "badge")) if "value" in rows else rows
    ),
}
# What must be said somewhere in the tables of a case.
SAID = {
    "one_seed": "n = 1, no interval",
    "failed_seed": "no value for seed 1",
    "nan": "3 of 3 values not finite",
}
NAMES = ("random", "margin", "badge")


@pytest.fixture(params=CASES)
def made(request, tmp_path):
    """The tables that the rules gather, with one thing wrong."""
    curves = tables.curves(NAMES, budgets=(20, 40, 60), reference=400)
    queries = tables.queries(NAMES, rounds=(1, 2))
    notes = queries[["dataset", "setting", "strategy", "seed", "round"]].drop_duplicates().assign(fact="", value="")
    whole = {"curves": curves, "costs": tables.costs(curves), "queries": queries, "asked": tables.asked(queries)}
    files = {}
    for name, table in {**whole, "facts": notes}.items():
        files[name] = str(tmp_path / f"{name}.parquet")
        kept = table if name == "facts" and request.param == "nan" else CASES[request.param](table)
        storage.write_table(files[name], kept.reset_index(drop=True))
    record = tmp_path / "dataset.json"
    classes = [str(label) for label in range(10)]
    storage.write_json(record, {"classes": classes, "train": {"per_class": dict.fromkeys(classes, 40)}})
    return request.param, {**files, "record": str(record)}, tmp_path


def strategies_of(files):
    return set(storage.read_table(files["curves"])["strategy"]) - {"reference"}


def every_table(files, folder):
    targets = {}
    for name in statistics.TABLES:
        table, csv = targets[name] = (str(folder / f"{name}.parquet"), str(folder / f"{name}.csv"))
        statistics.statistic(
            name=name, curves=[files["curves"]], costs=[files["costs"]], table=table, csv=csv, code="0"
        )
    for name in statistics.QUERY_TABLES:
        table, csv = targets[name] = (str(folder / f"{name}.parquet"), str(folder / f"{name}.csv"))
        given = {key: [files[key]] for key in ("queries", "asked", "facts")}
        statistics.query_statistic(
            name=name, **given, records=[files["record"]], datasets=["digits"], table=table, csv=csv, code="0"
        )
    return targets


def test_every_table_is_made_nobody_is_dropped_and_what_is_missing_is_said(made):
    case, files, folder = made
    targets = every_table(files, folder)
    said = set()
    for name, (table, csv) in targets.items():
        rows = storage.read_table(table)
        assert len(pd.read_csv(csv)) == len(rows) > 0, name
        if "strategy" in rows and name != "rank_pairs":
            named = set(rows["strategy"]) | set(rows.get("opponent", [])) | {"random"}
            assert strategies_of(files) <= named, name
        said |= {part for note in rows.get("note", []) for part in str(note).split("; ")}
    assert SAID.get(case, "") in said | {""}


def test_every_figure_is_drawn(made):
    _, files, folder = made
    for name in figures.FIGURES:
        target = folder / "figures" / f"{name}.parquet"
        given = {key: files[key] for key in ("curves", "costs", "queries", "asked")}
        figures.figure(
            name=name, facts=files["record"], **given, table=str(target), dataset="digits", setting="standard", code="0"
        )
        assert target.with_suffix(".png").stat().st_size > 1000 and len(pd.read_parquet(target)), name


def test_the_page_names_every_strategy_and_says_what_is_missing(made):
    case, files, folder = made
    targets = every_table(files, folder)
    page = folder / "index.html"
    report.report(
        curves=[files["curves"]],
        costs=[files["costs"]],
        diagnostics=[targets["diagnostics"][0]],
        notes=[targets["query_notes"][0]],
        sheets=[],
        pretrainings=[],
        places=[],
        pretrained=[],
        own_metrics=[],
        page=str(page),
        code="0",
    )
    content = page.read_text().split('id="data">')[1].split("</script>")[0]
    assert {strategy["name"] for strategy in json.loads(content)["strategies"]} == strategies_of(files)
    assert SAID.get(case, "") in content


def test_pictures_show_what_was_asked_and_what_it_stands_for(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (12, 1, 8, 8)).astype(np.uint8)
    (tmp_path / "train").mkdir()
    np.save(tmp_path / "train/images.npy", pixels)
    facts, index = tmp_path / "dataset.json", tmp_path / "index.parquet"
    checksum = storage.array_checksum(pixels)
    storage.write_json(facts, {"classes": ["cat", "dog"], "train": {"images_crc32": checksum}})
    storage.write_table(index, pd.DataFrame({"label": np.arange(12) % 2}))
    asked = pd.DataFrame({"index": [5, 7], "score": 0.0, "represents": [2, 9], "members": [[5, 1], [7, 0, 2]]})
    alone = asked.assign(represents=1, members=[[5], [7]])  # as where the budget covered the pool
    table = tmp_path / "sheet.parquet"
    shown = {}
    for name, rows in {"asked": asked, "alone": alone}.items():
        storage.write_table(tmp_path / "query.parquet", rows)
        figures.represented_images(
            facts=str(facts),
            index=str(index),
            queries=[str(tmp_path / "query.parquet")],
            strategies=["kmeans"],
            table=str(table),
            dataset="pets",
            setting="standard",
            code="0",
        )
        shown[name] = pd.read_parquet(table)
        assert table.with_suffix(".png").stat().st_size > 1000
    assert shown["asked"]["index"].tolist() == [7, 0, 2, 5, 1] and shown["asked"]["order"].tolist() == [1, 1, 1, 0, 0]
    assert shown["asked"]["label"].tolist() == [1, 0, 0, 1, 1]
    assert shown["alone"]["index"].tolist() == [5, 7]


def test_what_a_metric_of_another_package_says_of_its_numbers_reaches_the_page(tmp_path, monkeypatch):
    package = tmp_path / f"lab_{tmp_path.name}"
    package.mkdir()
    (package / "brier.py").write_text('LOWER_IS_BETTER = {"brier"}\ndef score(probs, labels, classes): ...')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(metrics, "_others", [])
    rows = tables.curves(NAMES, budgets=(20, 40, 60), reference=400)
    both = pd.concat([rows, rows.assign(metric="brier")], ignore_index=True)
    storage.write_table(tmp_path / "curves.parquet", both)
    storage.write_table(tmp_path / "costs.parquet", tables.costs(rows))
    said = {}
    for own in ([], [f"{package.name}.brier"]):
        report.report(
            curves=[str(tmp_path / "curves.parquet")],
            costs=[str(tmp_path / "costs.parquet")],
            **{key: [] for key in ("diagnostics", "notes", "sheets", "pretrainings", "places", "pretrained")},
            own_metrics=own,
            page=str(tmp_path / "page.html"),
            code="0",
        )
        content = (tmp_path / "page.html").read_text().split('id="data">')[1].split("</script>")[0]
        said[len(own)] = {metric["name"]: metric["direction"] for metric in json.loads(content)["metrics"]}
    metrics.read_also([])
    assert said == {0: {"accuracy": 1, "brier": 1}, 1: {"accuracy": 1, "brier": -1}}
