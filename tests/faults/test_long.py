"""Minutes of killing, damaging and filling: `make test-faults`."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.faults import damage, flip_a_bit, limited_disk, moments, truncate
from tests.repositories import copy_finished, copy_repository, wait_for

pytestmark = pytest.mark.faults

KILLS = 20
ROUNDS = "results/rounds/digits/standard"
FILES = 60  # of all outputs, so that the last kills still meet work
PATIENT_S = 1200


@pytest.fixture
def copied(finished, tmp_path):
    return copy_finished(finished, tmp_path / "repository")


def start(repository, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=repository.path,
        env={**os.environ, "PYTHONPATH": str(repository.path), "OMP_NUM_THREADS": "1"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def outputs(repository):
    """How many files of the rounds are there."""
    return len(list(repository.path.glob("results/rounds/**/[!.]*.*")))


@pytest.mark.parametrize("warm", ["0", "1"])
def test_twenty_kills_at_random_moments_change_no_byte(finished, repository, monkeypatch, warm):
    monkeypatch.setenv("ALTOOLS_WARM", warm)
    met = 0
    for moment in moments(seed=7, count=KILLS, highest=FILES):
        process = start(repository, "curves")
        wait_for(lambda: outputs(repository) >= moment or process.poll() is not None, f"{moment} files", PATIENT_S)  # noqa: B023
        time.sleep(random.Random(moment).random())
        met += process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        repository.snakemake("--unlock")
    assert met == KILLS  # each met a run at work
    repository.run("curves")
    assert repository.planned("curves") == {}
    assert repository.curves() == finished.curves()
    assert not list(repository.path.glob("results/**/.checkpoint*"))


ARTEFACTS = {
    "results/data/digits/train/images.npy": "results/rounds/digits/standard/margin/seed0/round2/query.json",
    "results/data/digits/test/images.npy": "results/rounds/digits/standard/margin/seed0/round2/scores.json",
    "results/rounds/digits/standard/margin/seed0/round1/model.safetensors": (
        "results/rounds/digits/standard/margin/seed0/round2/query.json"
    ),
    "results/rounds/digits/standard/margin/seed0/round1/labelled.parquet": (
        "results/rounds/digits/standard/margin/seed0/round2/query.json"
    ),
    "results/rounds/digits/standard/margin/seed0/round1/scores.json": "results/curves/digits/standard/margin.parquet",
}


@pytest.mark.parametrize("how", [truncate, flip_a_bit])
@pytest.mark.parametrize("artefact", ARTEFACTS)
def test_every_kind_of_artefact_is_refused_by_name_and_rebuilt(finished, copied, artefact, how):
    damage(copied.path / artefact, how)
    (copied.path / ARTEFACTS[artefact]).unlink()
    done = copied.run("runs", "curves", check=False)
    assert done.returncode != 0
    assert f"{artefact} cannot be read" in (done.stdout + done.stderr).replace("\n", " ")
    assert not (copied.path / ARTEFACTS[artefact]).exists()
    (copied.path / artefact).unlink()
    copied.run("runs", "curves")
    assert copied.curves() == finished.curves()


@pytest.mark.parametrize("size", ["200k", "400k", "700k"])
def test_a_disk_that_fills_up_on_the_way_costs_nothing_but_time(finished, repository, size):
    with limited_disk(repository.path / "results", size) as grow:
        done = repository.run("curves", check=False)
        assert done.returncode != 0 and "No space left on device" in done.stdout + done.stderr
        grow("64m")
        repository.run("curves")
        assert repository.curves() == finished.curves()


def test_a_results_folder_that_turns_read_only_costs_nothing_but_time(finished, repository):
    folder = repository.path / "results"
    with limited_disk(folder, "64m"):
        process = start(repository, "curves")
        wait_for(lambda: outputs(repository) > 10, "some rounds", PATIENT_S)
        # Whoever writes at this moment keeps the file system busy.
        remount = ["mount", "-o", "remount,ro", folder]
        wait_for(lambda: subprocess.run(remount, capture_output=True).returncode == 0, "a quiet moment", PATIENT_S)
        assert process.wait(PATIENT_S) != 0
        done = repository.run("curves", check=False)
        assert "results must be a folder that can be written" in done.stdout + done.stderr
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        repository.run("curves")
        assert repository.curves() == finished.curves()


def test_two_runs_of_two_clones_in_one_results_folder_end_with_the_same_bytes(finished, repository, tmp_path):
    other = copy_repository(tmp_path / "clone")
    (repository.path / "results").mkdir()
    (other.path / "results").symlink_to(repository.path / "results")
    both = [start(clone, "curves") for clone in (repository, other)]
    for process in both:
        process.wait(PATIENT_S)
    repository.run("curves")  # what one took from under the other
    assert repository.curves() == finished.curves()


def test_damaged_artefacts_are_named_never_used_and_rebuilt_on_request(finished, copied):
    model = f"{ROUNDS}/margin/seed0/round1/model.safetensors"
    labelled = f"{ROUNDS}/random/seed1/round2/labelled.parquet"
    damage(copied.path / model, flip_a_bit)
    damage(copied.path / labelled, truncate)
    for follower in (f"{ROUNDS}/margin/seed0/round2/query.json", f"{ROUNDS}/random/seed1/round2/scores.json"):
        (copied.path / follower).unlink()

    done = copied.run("runs", "curves", check=False)
    said = (done.stdout + done.stderr).replace("\n", " ")
    assert done.returncode != 0
    assert f"{model} cannot be read (its checksum does not match its content); delete it and run again." in said
    assert f"{labelled} cannot be read" in said
    assert not (copied.path / f"{ROUNDS}/margin/seed0/round2/query.json").exists()

    verify = [sys.executable, "-m", "altools.cli.verify", "results"]
    named = subprocess.run(verify, cwd=copied.path, capture_output=True, text=True)
    assert named.returncode == 1 and "2 damaged artefacts" in named.stdout
    assert model in named.stdout and labelled in named.stdout
    subprocess.run([*verify, "--delete"], cwd=copied.path, check=True, capture_output=True)
    copied.run("runs", "curves", ALTOOLS_WARM="1")
    assert copied.curves() == finished.curves()


def test_a_clock_set_back_is_named_and_touched_files_go_on(finished, copied):
    ahead = 4_000_000_000  # the year 2096
    for path in copied.path.glob("results/**/*.*"):
        os.utime(path, (ahead, ahead))
    assert copied.planned() == {}
    removed = Path("results/curves/digits/standard/margin.parquet")
    (copied.path / removed).unlink()
    done = copied.run("curves", check=False)
    assert done.returncode != 0 and "This could indicate a clock skew problem" in done.stdout + done.stderr
    copied.run("--touch", "--forceall", "curves")
    copied.run("curves")
    assert copied.planned("curves") == {}
    assert copied.curves() == finished.curves()
