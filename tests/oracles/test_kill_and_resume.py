"""``kill -9`` at random moments, resumed each time: the same files as without."""

import multiprocessing
import os
import random
import signal
import time
from contextlib import redirect_stderr

import numpy as np
import pytest

from altools.config.recipes import Augmentation, PretrainRecipe, Recipe
from altools.data import prepare, sources
from altools.runtime.job import perform
from tests import jobs

APART = 12  # epochs between two kills, at most
MODEL = {"name": "small_cnn", "options": {"filters": 8, "width": 16}, "mean": None, "std": None}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    pixels = np.random.default_rng(0).integers(0, 256, (340, 3, 8, 8), dtype=np.uint8)

    def split(rows):
        return sources.Split(ids=[str(row) for row in rows], labels=[row % 4 for row in rows], items=list(pixels[rows]))

    source = sources.Source(
        classes=list("abcd"),
        shape=(3, 8, 8),
        train=split(range(300)),
        test=split(range(300, 340)),
        decode=np.asarray,
    )
    prepare.write(source, folder, 300, {})
    return folder


def pretraining(data, folder, epochs):
    recipe = PretrainRecipe(epochs=epochs, batch_size=64, width=32, predictor_width=8, monitor_epochs=20, neighbours=5)
    return jobs.pretrain(data / "dataset.json", folder, model=MODEL, recipe=recipe)


def supervised(data, folder, epochs):
    labelled = jobs.label_all(data, 300)
    recipe = Recipe(epochs=epochs, augmentation=Augmentation(horizontal_flip=True))
    return jobs.train(data / "dataset.json", labelled, folder, model=MODEL, recipe=recipe, metrics={}, round=1)


@pytest.fixture(scope="module")
def processes():
    """Fork each job from a server that has imported torch once; the same list as in test_mutations.py."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["torch", "torch._dynamo", "hypothesis", "hypothesis.strategies", "beartype", "jaxtyping"]
    )
    return context


def work(job, log):
    os.environ["ALTOOLS_CHECKPOINT_S"] = "0"
    with open(log, "w", buffering=1) as handle, redirect_stderr(handle):
        perform(**job)


def start(processes, job, log):
    run = processes.Process(target=work, args=(job, log))
    run.start()
    return run


def kill_after(run, saves, path):
    """Kill the job somewhere after so many more saves."""
    seen = inode(path)
    enough = len(seen) + saves
    while len(seen) < enough and run.is_alive():
        seen |= inode(path)
        time.sleep(0.0005)
    time.sleep(random.Random(saves).uniform(0, 0.02))
    run.kill()
    run.join()
    assert run.exitcode == -signal.SIGKILL, "the job ended before the kill"


def inode(path):
    """Return the number of the file, a new one for every save; nothing while there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return set()
    return {(stat.st_ino, stat.st_mtime_ns)}


def hold(make, data, tmp_path, processes, kills):
    whole, broken, log = tmp_path / "whole", tmp_path / "broken", tmp_path / "log"
    epochs = (kills + 1) * APART
    perform(**make(data, whole, epochs))
    moments = random.Random(kills)
    for _ in range(kills):
        run = start(processes, make(data, broken, epochs), log)
        kill_after(run, moments.randint(1, APART), broken / ".checkpoint.safetensors")
    run = start(processes, make(data, broken, epochs), log)
    run.join(timeout=120)
    assert run.exitcode == 0 and "continuing after epoch" in log.read_text(), log.read_text()
    (name,) = (path.name for path in whole.glob("*.safetensors"))
    assert (broken / name).read_bytes() == (whole / name).read_bytes()
    assert sorted(path.name for path in broken.iterdir()) == sorted(path.name for path in whole.iterdir())


@pytest.fixture(autouse=True)
def no_checkpoint_in_this_process(monkeypatch):
    monkeypatch.setenv("ALTOOLS_CHECKPOINT_S", "1e9")


@pytest.mark.parametrize("make", [pretraining, supervised])
def test_killed_and_resumed_is_uninterrupted(make, data, tmp_path, processes):
    hold(make, data, tmp_path, processes, kills=3)


@pytest.mark.slow
@pytest.mark.parametrize("make", [pretraining, supervised])
def test_killed_ten_times_is_uninterrupted(make, data, tmp_path, processes):
    hold(make, data, tmp_path, processes, kills=10)


def test_pretraining_never_opens_the_test_split(data, tmp_path):
    hidden = data / "hidden"
    (data / "test").rename(hidden)
    try:
        perform(**pretraining(data, tmp_path, 1))
    finally:
        hidden.rename(data / "test")
    assert (tmp_path / "encoder.safetensors").exists()
