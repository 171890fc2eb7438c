"""The graph: each stage once, nothing twice, and only what a change really concerns."""

import re
import shutil
from contextlib import contextmanager

import pandas as pd
import pytest

from altools import layout, strategies
from altools.steps import figures, report, statistics

FOLLOWS = {
    "curve": 1,
    "dataset_curves": 1,
    "dataset_queries": 1,
    "statistic": 14,
    "figure": 9,
    "report": 1,
    "all": 1,
}


@contextmanager
def moved_away(*paths):
    """Take files away and put them back with their times."""
    for path in paths:
        shutil.move(path, path.with_suffix(".away"))
    yield
    for path in paths:
        shutil.move(path.with_suffix(".away"), path)


@contextmanager
def edited(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    yield
    path.write_text(text)


def test_round_0_is_trained_once_per_seed_and_not_per_strategy(repository):
    planned = repository.planned()
    assert planned["train_initial"] == planned["train_reference"] == planned["predict"] == 2  # two seeds
    assert planned["query"] == planned["train"] == 2 * 2 * 2  # strategies, seeds, rounds after the first


def test_after_a_run_there_is_nothing_to_do(finished):
    assert finished.planned() == {}
    assert "open in a browser  results/report/index.html" in finished.first.stdout + finished.first.stderr


def test_a_deleted_query_rebuilds_only_what_follows(finished):
    with moved_away(finished.path / "results/rounds/digits/standard/margin/seed1/round2/query.parquet"):
        planned = finished.planned()
    assert planned == {"query": 1, "train": 1, **FOLLOWS}


def test_another_option_of_one_strategy_rebuilds_only_it(finished):
    options = "\nstrategy_options: {margin: {mc_average: 4}}\nstrategies: "
    with edited(finished.path / "config/config.yaml", "\nstrategies: ", options):
        planned = finished.planned()
    assert planned == {"query": 4, "train": 4, **FOLLOWS}


def test_an_edited_strategy_rebuilds_only_its_queries(finished):
    with edited(
        finished.path / "altools/strategies/margin.py",
        "margin_uncertainty(pool.probs)",
        "0 + margin_uncertainty(pool.probs)",
    ):
        planned = finished.planned()
    assert planned == {"query": 4, "train": 4, **FOLLOWS}


def test_a_change_deep_in_the_recipe_is_seen(finished):
    with edited(finished.path / "config/config.yaml", "recipe: {", "recipe: {augmentation: {crop_padding: 1}, "):
        planned = finished.planned()
    assert planned["train"] == 8 and planned["train_initial"] == planned["train_reference"] == 2


def test_a_comment_in_the_library_rebuilds_nothing(finished):
    with edited(finished.path / "altools/strategies/margin.py", "NEEDS =", "# a comment\nNEEDS ="):
        assert finished.planned() == {}


def test_a_strategy_more_leaves_the_others_alone(finished):
    with edited(finished.path / "config/config.yaml", "[random, margin]", "[random, margin, entropy]"):
        planned = finished.planned()
    assert planned["query"] == planned["train"] == 4 and "train_initial" not in planned


def test_a_round_more_goes_on_from_the_last(finished):
    with edited(finished.path / "config/config.yaml", "rounds: 3", "rounds: 4"):
        planned = finished.planned()
    assert planned["query"] == planned["train"] == 4


def test_where_all_is_labelled_the_reference_model_is_used(repository):
    config = repository.path / "config/config.yaml"
    config.write_text(config.read_text().replace("initial: 30", "initial: 1377"))
    planned = repository.planned()
    assert planned["query"] == 8 and planned["train"] == 4  # the last of two rounds trains nothing


def test_random_is_the_same_run_when_the_reference_model_queries(repository):
    planned = repository.planned("--config", "settings=[standard,reference_query]")
    assert planned["query"] == 8 + 4 and planned["predict_reference"] == 2 and planned["train_initial"] == 2


@pytest.mark.parametrize(
    "target", ["data", "runs", "curves", "figures", "results/curves/digits/standard/margin.parquet"]
)
def test_named_targets_select_a_part(repository, target):
    planned = repository.planned(target)
    assert ("train" in planned) == (target != "data")
    if target.endswith("margin.parquet"):
        assert planned["query"] == 4


def test_lists_arrive_from_the_command_line(repository):
    planned = repository.planned("--config", "strategies=margin", "seeds=[0]", "results=elsewhere")
    assert planned["query"] == planned["train"] == 2


@pytest.mark.parametrize(("gpus", "threads"), [("", {"4"}), ("0", set())])
def test_a_job_that_has_a_gpu_takes_one_core(repository, gpus, threads):
    config = repository.path / "config/config.yaml"
    config.write_text(config.read_text().replace("rounds: 3", "rounds: 3\n    threads: 4"))
    done = repository.snakemake("-n", "--cores", "8", "--", "runs", CUDA_VISIBLE_DEVICES=gpus)
    assert set(re.findall(r"threads: (\d+)", done.stdout + done.stderr)) == threads  # Snakemake says nothing of one


def test_curves_are_tidy_and_name_labels(finished):
    curve = pd.read_parquet(finished.path / "results/curves/digits/standard/margin.parquet")
    rows = curve[curve["metric"] == "accuracy"]
    assert list(rows["labels"]) == [30, 60, 90] * 2 and list(rows["seed"]) == [0] * 3 + [1] * 3
    assert {"accuracy", "macro_f1", "recall/3", "log_loss", "ece"} <= set(curve["metric"])
    cost = pd.read_parquet(finished.path / "results/costs/digits/standard/margin.parquet")
    assert (cost["train_s"] > 0).all() and (cost.loc[cost["round"] > 0, "query_s"] > 0).all()
    assert (cost["train_peak_mb"] > 10).all() and (cost.loc[cost["round"] > 0, "query_peak_mb"] > 10).all()


def test_the_first_round_is_the_same_for_every_strategy(finished):
    table = pd.read_parquet(finished.path / "results/curves/digits.parquet")
    first = table[(table["round"] == 0) & (table["metric"] == "log_loss")]
    assert (first.groupby("seed")["value"].nunique() == 1).all() and first["value"].nunique() == 2


def test_every_rule_that_computes_has_log_and_benchmark(finished):
    logs = {path.parts[-2] if path.suffix else "" for path in finished.path.glob("results/logs/**/*.log")}
    assert logs
    assert list((finished.path / "results/logs/prepare").rglob("*.log"))
    for folder in ("train", "train_initial", "train_reference", "predict", "query"):
        assert list((finished.path / "results/logs" / folder).rglob("*.log")), folder
        assert list((finished.path / "results/benchmarks" / folder).rglob("*.tsv")), folder


def test_the_workflow_names_every_table_and_figure_of_the_library():
    assert list(statistics.TABLES) == layout.CURVE_STATISTICS
    assert list(statistics.QUERY_TABLES) == layout.QUERY_STATISTICS
    assert list(figures.FIGURES) == [kind.name for kind in layout.FIGURES]
    assert set(layout.SHEETS) <= set(figures.FIGURES) and set(layout.SHEETS) == set(report.CAPTIONS)
    assert set(layout.REPRESENTATIVE) <= set(strategies.names())


def test_every_table_and_figure_is_there_and_not_empty(finished):
    tables = list((finished.path / "results").glob("statistics/*.parquet"))
    drawn = list((finished.path / "results").glob("figures/**/*.parquet"))
    assert len(tables) == 14 and len(drawn) == 9
    for path in drawn:
        assert len(pd.read_parquet(path)) and path.with_suffix(".svg").stat().st_size > 1000, path
        assert path.with_suffix(".png").stat().st_size > 1000, path


def test_every_query_is_described_and_its_notes_are_gathered(finished):
    sizes = pd.read_parquet(finished.path / "results/queries/sizes/digits.parquet")
    assert len(sizes) == 2 * 2 * 2 and sorted(sizes["labels"].unique()) == [60, 90]
    assert (sizes["mean_distance"] > 0).all() and sizes["duplicates"].between(0, 1).all()
    picks = pd.read_parquet(finished.path / "results/queries/digits.parquet")
    stands_for = picks.groupby(["strategy", "seed", "round"])["represents"].sum()
    assert stands_for.unstack("round").drop_duplicates().to_numpy().tolist() == [[1437 - 30, 1437 - 60]]
    gathered = pd.read_parquet(finished.path / "results/queries/notes/digits.parquet")
    assert set(gathered) >= {"strategy", "seed", "round", "note", "value"}
    assert len(gathered[["strategy", "seed", "round"]].drop_duplicates()) == len(sizes)
    notes = pd.read_csv(finished.path / "results/statistics/query_notes.csv")
    assert set(notes["strategy"]) == {"random", "margin"} and (notes["of"] == 4).all()
    measured = pd.read_csv(finished.path / "results/statistics/diagnostics.csv")
    assert (measured["n"] == 2).all() and measured["low"].notna().all()


def test_snakemakes_report_holds_every_figure_and_table_with_its_caption(finished, tmp_path):
    target = tmp_path / "report.html"
    finished.snakemake("--report", str(target))
    page = target.read_text()
    for said in ("All datasets", "The page", "Tables", "learning_curves_grid", "query_notes", "queried_images"):
        assert said in page, said
    for caption in ("The dashed line is the model trained on every label", "its columns are explained in"):
        assert caption in page, caption


def test_lint_is_clean(repository):
    repository.snakemake("--lint")
