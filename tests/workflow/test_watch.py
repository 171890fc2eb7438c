"""`make watch`: its counts are those of the graph, and its estimate follows from the pace."""

import subprocess
import sys

import pytest

from altools.runtime import watch


def said(repository, *arguments):
    command = [sys.executable, "-m", "altools.cli.watch", "config/config.yaml", *arguments]
    environment = {"PYTHONPATH": str(repository.path), "PATH": ""}
    done = subprocess.run(command, cwd=repository.path, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[1].split("  ")


def test_a_finished_grid_is_done_and_the_watch_ends(finished):
    assert [cell.strip() for cell in said(finished) if cell] == ["digits", "12 of 12", "8 of 8", "0 of 0", "done"]


def test_a_missing_query_is_not_done_though_every_model_is_trained(finished):
    query = finished.path / "results/rounds/digits/standard/margin/seed1/round2/query.json"
    query.rename(query.with_suffix(".away"))
    cells = [cell.strip() for cell in said(finished, "--once") if cell]
    query.with_suffix(".away").rename(query)
    assert cells[:4] == ["digits", "12 of 12", "7 of 8", "0 of 0"] and cells[4] != "done"


def test_before_the_first_training_nothing_is_known(repository):
    cells = [cell.strip() for cell in said(repository, "--once") if cell]
    assert cells == ["digits", "0 of 12", "0 of 8", "0 of 0", "unknown yet"]


def test_a_config_that_is_not_there_is_one_sentence(repository):
    command = [sys.executable, "-m", "altools.cli.watch", "missing.yaml"]
    done = subprocess.run(command, env={"PYTHONPATH": str(repository.path)}, capture_output=True, text=True)
    assert done.returncode != 0 and done.stderr.startswith("Error: ") and "Traceback" not in done.stderr


def ended(*times, images=100):
    return [watch.Ended(at=float(at), images=images) for at in times]


@pytest.mark.parametrize(
    ("images", "times", "now", "expected"),
    [
        (600, (0, 10, 20), 21, "about 60 s"),  # 200 images in 20 s
        (60_000, (0, 10, 20), 21, "about 1.7 h"),
        (600, (20, 0, 10), 21, "about 60 s"),  # in any order
        (600, (5,), 6, "unknown yet"),
        (600, (5, 5), 6, "unknown yet"),
        (600, (0, 10, 20), 20 + 3600, "nothing has ended for 60.0 min"),
    ],
)
def test_the_time_left_goes_by_images_at_the_last_pace(images, times, now, expected):
    assert watch.time_left(images, ended(*times), float(now)) == expected


def test_only_the_last_trainings_set_the_pace():
    slow, fast = ended(*range(0, 3000, 100)), ended(*range(3000, 3000 + watch.RECENT))
    assert watch.time_left(1000, slow + fast, 3031.0) == "about 10 s"
