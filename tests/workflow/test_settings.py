"""The three settings in one grid: what is shared is planned once."""

import pytest

from tests.repositories import TINY, copy_repository

SETTINGS = TINY.replace("seeds: [0, 1]", "seeds: [0]").replace(
    "settings: [standard]", "settings: [standard, simsiam, reference_query]"
)


@pytest.fixture
def three_settings(tmp_path):
    return copy_repository(tmp_path / "repository", SETTINGS)


def test_shared_jobs_are_planned_once(three_settings):
    jobs = three_settings.planned()
    assert jobs["simsiam"] == 1  # one encoder for every strategy and round
    assert jobs["train_initial"] == jobs["train_reference"] == 2  # per start: standard and simsiam
    # Two strategies, two rounds, two settings; in reference_query only margin, as random asks nobody.
    assert jobs["train"] == jobs["query"] == 2 * 2 * 2 + 2
    drawn = three_settings.drawn()
    assert drawn["pretraining"] == 1 and drawn["queried_images"] == 3 and "represented_images" not in drawn
    assert jobs["figure"] == drawn.total()


def test_strategies_that_look_for_representatives_show_what_they_found(three_settings):
    assert three_settings.drawn("--config", "strategies=[random,kmeans]")["represented_images"] == 3


def test_a_grid_without_queries_has_no_tables_about_them(three_settings):
    config = three_settings.path / "config/config.yaml"
    config.write_text(config.read_text().replace("rounds: 3", "rounds: 1"))
    jobs = three_settings.planned()
    assert jobs["report"] == 1 and jobs["statistic"] == 11 and "dataset_queries" not in jobs
    assert "queried_images" not in three_settings.drawn()


def test_a_last_query_of_everything_is_run_and_not_spoken_of(three_settings):
    config = three_settings.path / "config/config.yaml"
    config.write_text(config.read_text().replace("initial: 30", "initial: 437").replace("budget: 30", "budget: 500"))
    jobs = three_settings.planned()
    assert jobs["query"] == 2 * 2 * 2 + 2
    done = three_settings.snakemake("-n", "-p", "results/queries/digits.parquet")
    gathered = [line for line in (done.stdout + done.stderr).splitlines() if "round2/query.parquet" in line]
    assert not [line for line in gathered if line.strip().startswith("input:")]
    config.write_text(config.read_text().replace("initial: 437", "initial: 937").replace("rounds: 3", "rounds: 2"))
    jobs = three_settings.planned()
    assert jobs["statistic"] == 11 and "dataset_queries" not in jobs and "queried_images" not in three_settings.drawn()


def test_only_a_setting_that_starts_from_encoders_makes_them(three_settings):
    assert three_settings.planned("pretrain")["simsiam"] == 1
    assert "simsiam" not in three_settings.planned("--config", "settings=standard", "--", "pretrain")
