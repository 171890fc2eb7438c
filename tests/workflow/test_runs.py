"""The same bytes on another executor, after a kill, and in another folder; and nothing half-done on bad input."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

CURVE = "results/curves/digits/standard/margin.parquet"


def test_cluster_jobs_give_the_same_bytes(finished, repository):
    repository.snakemake(
        *["--executor", "cluster-generic", "--cluster-generic-submit-cmd", "bash", "--jobs", "2"],
        *["--cores", "2", "--shared-fs-usage", "persistence", "input-output", "software-deployment", "sources"],
        *["source-cache", "storage-local-copies"],
        *[
            "--latency-wait",
            "20",
            "--config",
            "strategies=margin",
            "--",
            "results/rounds/digits/standard/margin/seed0/round2/scores.json",
        ],
        ALTOOLS_WARM="0",  # and cold processes the same as forked ones
    )
    for name in ("scores.json", "labelled.parquet", "query.parquet"):
        path = f"results/rounds/digits/standard/margin/seed0/round2/{name}"
        assert (repository.path / path).read_bytes() == (finished.path / path).read_bytes(), name


def test_a_killed_run_resumes_to_the_same_bytes(finished, repository):
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    environment = {**os.environ, "PYTHONPATH": str(repository.path), "CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.Popen(
        command,
        cwd=repository.path,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    waited = repository.path / "results/rounds/digits/standard/shared/seed0/round0/model.safetensors"
    deadline = time.monotonic() + 120
    while not waited.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    repository.snakemake("--unlock")
    repository.run()
    assert repository.planned() == {}
    assert repository.curves() == finished.curves()


FOLDER = """
results: results
seeds: [0]
strategies: [random]
datasets:
  - name: pictures
    source: image_folder
    options: {path: pictures, size: 8, channels: 3}
    train_images: 8
    initial: 2
    budget: 2
    rounds: 2
    model: small_cnn
    recipe: {epochs: 1}
"""


@pytest.fixture
def pictures(repository):
    """A folder of class folders with odd but valid images: modes and sizes mixed."""
    (repository.path / "config/config.yaml").write_text(FOLDER)
    rng = np.random.default_rng(0)
    modes = ["RGB", "L", "P", "RGBA"]
    for split, count in (("train", 4), ("test", 2)):
        for label in ("cat", "dog"):
            folder = repository.path / "pictures" / split / label
            folder.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 255, (8 + i, 9 + 2 * i, 3), dtype=np.uint8)
                Image.fromarray(pixels).convert(modes[i % 4]).save(folder / f"{i}.png")
    (repository.path / "pictures/train/.DS_Store").write_bytes(b"x")
    (repository.path / "pictures/train/cat/.DS_Store").write_bytes(b"x")
    return repository


METRIC = """
LOWER_IS_BETTER = frozenset({"surprise"})
def score(probs, labels, classes):
    return {"surprise": float(1 - probs[range(len(labels)), labels].mean())}
"""


def test_a_folder_of_mixed_images_runs_with_a_metric_of_another_package(pictures):
    (pictures.path / "lab").mkdir()
    (pictures.path / "lab/surprise.py").write_text(METRIC)
    config = pictures.path / "config/config.yaml"
    config.write_text(config.read_text() + "metrics: [classification, lab.surprise]\n")
    pictures.run()
    assert (pictures.path / "results/curves/pictures.parquet").exists()
    page = (pictures.path / "results/report/index.html").read_text()
    assert re.search(r'"name":"surprise"[^}]*"direction":-1', page) and re.search(
        r'"name":"accuracy"[^}]*"direction":1', page
    )


def spoil_truncate(path):
    file = path / "train/cat/0.png"
    file.write_bytes(file.read_bytes()[:60])


def spoil_text(path):
    (path / "train/cat/notes.txt").write_text("not an image")
    (path / "train/cat/3.png").unlink()


def spoil_class(path):
    (path / "test/dog").rename(path / "test/wolf")


def spoil_empty(path):
    for file in (path / "train/dog").iterdir():
        file.unlink()


def spoil_missing(path):
    path.rename(path.with_name("gone"))


def spoil_count(path):
    (path / "train/dog/1.png").unlink()


SPOILED = {
    "truncated image": (spoil_truncate, r"Got 1 bad of 8 in train: cat/0.png"),
    "no image": (spoil_text, r"Got 1 bad of 8 in train: cat/notes.txt"),
    "class only in test": (spoil_class, r"must also be in pictures/train. Got only in test: wolf"),
    "empty class": (spoil_empty, r"train/dog is empty; fill or remove it"),
    "missing folder": (spoil_missing, r"pictures/train must be a folder of class folders"),
    "another count": (spoil_count, r"The config says 8, the source has 7"),
}


@pytest.mark.parametrize("case", SPOILED)
def test_bad_folders_are_refused_before_any_training(pictures, case):
    spoil, message = SPOILED[case]
    spoil(pictures.path / "pictures")
    done = pictures.snakemake("--cores", "1", check=False)
    assert done.returncode != 0
    assert message in (done.stdout + done.stderr).replace("\n", " ")
    assert not list(pictures.path.glob("results/**/model.safetensors"))
    assert not list(pictures.path.glob("results/**/*.tmp"))


def test_a_wrong_config_is_one_sentence_before_the_graph(repository):
    config = repository.path / "config/config.yaml"
    config.write_text(config.read_text().replace("budget:", "bugdet:"))
    done = repository.snakemake("-n", check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout + done.stderr
    assert "datasets[0].bugdet is not a key here; did you mean 'budget'?" in done.stdout + done.stderr


def test_a_file_in_the_place_of_results_is_one_sentence(repository):
    (repository.path / "results").write_text("")
    done = repository.snakemake("--cores", "1", check=False)
    assert (
        done.returncode != 0 and "results must name a folder. results is a file; move it" in done.stdout + done.stderr
    )
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a read-only file system needs root")
def test_a_read_only_results_folder_is_one_sentence(repository):
    folder = repository.path / "results"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("mount is not permitted here")
    try:
        done = repository.snakemake("--cores", "1", check=False)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert done.returncode != 0 and "results must be a folder that can be written" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
