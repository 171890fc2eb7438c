"""From tables to statistics, figures and page through the rules' own functions, where results are thin or broken."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from altools import layout, metrics, storage
from altools.runtime.job import perform
from altools.steps import statistics
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
    notes = queries[["dataset", "setting", "strategy", "seed", "round"]].drop_duplicates().assign(note="", value="")
    sizes = tables.query_sizes(queries)
    whole = {"curves": curves, "costs": tables.costs(curves), "queries": queries, "query_sizes": sizes}
    files = {}
    for name, table in {**whole, "query_notes": notes}.items():
        files[name] = str(tmp_path / f"{name}.parquet")
        kept = table if name == "query_notes" and request.param == "nan" else CASES[request.param](table)
        storage.write_table(files[name], kept.reset_index(drop=True))
    info = tmp_path / "dataset.json"
    classes = [str(label) for label in range(10)]
    storage.write_json(info, {"classes": classes, "train": {"per_class": dict.fromkeys(classes, 40)}})
    return request.param, {**files, "dataset_info": str(info)}, tmp_path


def run(step, inputs, outputs, **arguments):
    """Run a step as the workflow does."""
    job = {"code": "test"}
    perform(step, inputs, outputs, wildcards={}, arguments={**arguments, "job": job}, threads=1)


def strategies_of(files):
    return set(storage.read_table(files["curves"])["strategy"]) - {"reference"}


def every_table(files, folder):
    inputs = {name: [files[name]] for name in ("curves", "costs", "queries", "query_sizes", "query_notes")}
    inputs["dataset_infos"] = [files["dataset_info"]]
    targets = {}
    for name in (*statistics.TABLES, *statistics.QUERY_TABLES):
        table, csv = targets[name] = (str(folder / f"{name}.parquet"), str(folder / f"{name}.csv"))
        run("statistics.statistic", inputs, {"table": table, "csv": csv}, name=name, datasets=["digits"])
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


def drawing(folder, name):
    """Files of a figure."""
    return {
        suffix: str(folder / "figures" / f"{name}.{ending}")
        for suffix, ending in (("svg", "svg"), ("png", "png"), ("table", "parquet"))
    }


# Figures of images and of pre-trainings read more than tables.
FROM_TABLES = [kind for kind in layout.FIGURES if kind.name not in (*layout.SHEETS, "pretraining")]


def test_every_figure_is_drawn(made):
    _, files, folder = made
    assert len(FROM_TABLES) == 11
    for kind in FROM_TABLES:
        known = {**files, "all_curves": [files["curves"]]}
        outputs = drawing(folder, kind.name)
        subject = {
            "dataset": "digits" if "dataset" in kind.per else "",
            "setting": "standard" if "setting" in kind.per else "",
        }
        run("figures.figure", {name: known[name] for name in kind.reads}, outputs, name=kind.name, subject=subject)
        assert Path(outputs["png"]).stat().st_size > 1000 and Path(outputs["svg"]).stat().st_size > 1000, kind.name
        assert len(pd.read_parquet(outputs["table"])), kind.name


NO_PICTURES = {"sheets": [], "pretrainings": []}


def test_the_page_names_every_strategy_and_says_what_is_missing(made):
    case, files, folder = made
    targets = every_table(files, folder)
    page = folder / "index.html"
    inputs = {
        "curves": [files["curves"]],
        "costs": [files["costs"]],
        "diagnostics": [targets["diagnostics"][0]],
        "query_notes": [targets["query_notes"][0]],
        **NO_PICTURES,
    }
    run("report.report", inputs, {"page": str(page)}, sheets=[], pretrained=[], own_metrics=[])
    content = page.read_text().split('id="data">')[1].split("</script>")[0]
    assert {strategy["name"] for strategy in json.loads(content)["strategies"]} == strategies_of(files)
    assert SAID.get(case, "") in content


def test_pictures_show_what_was_asked_and_what_it_stands_for(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (12, 1, 8, 8)).astype(np.uint8)
    (tmp_path / "train").mkdir()
    np.save(tmp_path / "train/images.npy", pixels)
    info, index = tmp_path / "dataset.json", tmp_path / "index.parquet"
    checksum = storage.array_checksum(pixels)
    storage.write_json(info, {"classes": ["cat", "dog"], "train": {"images_crc32": checksum}})
    storage.write_table(index, pd.DataFrame({"label": np.arange(12) % 2}))
    asked = pd.DataFrame({"index": [5, 7], "score": 0.0, "represents": [2, 9], "members": [[5, 1], [7, 0, 2]]})
    alone = asked.assign(represents=1, members=[[5], [7]])  # as where the budget covered the pool
    outputs = drawing(tmp_path, "represented_images")
    subject = {"dataset": "pets", "setting": "standard", "strategies": ["kmeans"]}
    shown = {}
    for name, rows in {"asked": asked, "alone": alone}.items():
        storage.write_table(tmp_path / "query.parquet", rows)
        inputs = {"dataset_info": str(info), "index": str(index), "represented": [str(tmp_path / "query.parquet")]}
        run("figures.figure", inputs, outputs, name="represented_images", subject=subject)
        shown[name] = pd.read_parquet(outputs["table"])
        assert Path(outputs["png"]).stat().st_size > 1000
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
        inputs = {
            "curves": [str(tmp_path / "curves.parquet")],
            "costs": [str(tmp_path / "costs.parquet")],
            **{name: [] for name in ("diagnostics", "query_notes")},
            **NO_PICTURES,
        }
        page = {"page": str(tmp_path / "page.html")}
        run("report.report", inputs, page, sheets=[], pretrained=[], own_metrics=own)
        content = (tmp_path / "page.html").read_text().split('id="data">')[1].split("</script>")[0]
        said[len(own)] = {metric["name"]: metric["direction"] for metric in json.loads(content)["metrics"]}
    metrics.read_also([])
    assert said == {0: {"accuracy": 1, "brier": 1}, 1: {"accuracy": 1, "brier": -1}}
