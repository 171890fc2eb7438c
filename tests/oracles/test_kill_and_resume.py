"""``kill -9`` at random moments, resumed each time: the same files as without."""

import multiprocessing
import random
import signal
import time
from contextlib import redirect_stderr

import numpy as np
import pytest

from altools import datasets, prepared
from altools.config import plain
from altools.steps.label import label_all
from altools.steps.pretrain import pretrain
from altools.steps.train import train
from altools.training.pretrain_recipe import PretrainRecipe
from altools.training.recipe import Augmentation, Recipe

APART = 12  # epochs between two kills, at most
NETWORK = {"name": "small_cnn", "options": {"filters": 8, "width": 16}}

STEPS = {"pretrain": pretrain, "train": train}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    pixels = np.random.default_rng(0).integers(0, 256, (340, 3, 8, 8), dtype=np.uint8)

    def split(rows):
        return datasets.Split(
            ids=[str(row) for row in rows], labels=[row % 4 for row in rows], items=list(pixels[rows])
        )

    source = datasets.Source(
        classes=list("abcd"),
        shape=(3, 8, 8),
        train=split(range(300)),
        test=split(range(300, 340)),
        decode=np.asarray,
    )
    prepared.write(source, folder, 300, {})
    return folder


def shared(data, code="code"):
    return {
        "facts": str(data / "dataset.json"),
        "network": NETWORK,
        "normalisation": {"mean": None, "std": None},
        "seed": 0,
        "device": "cpu",
        "threads": 1,
        "where": "here",
        "code": code,
        "checkpoint_every_s": 0.0,
    }


def pretraining(data, folder, epochs):
    recipe = PretrainRecipe(epochs=epochs, batch_size=64, width=32, predictor_width=8, monitor_epochs=20, neighbours=5)
    files = {name: str(folder / file) for name, file in (("encoder", "encoder.safetensors"), ("metrics", "m.json"))}
    return "pretrain", {**shared(data), **files, "history": str(folder / "h.parquet"), "recipe": plain(recipe)}


def supervised(data, folder, epochs):
    labelled = str(data / "labelled.parquet")
    label_all(labelled=labelled, train_images=300, code="code")
    recipe = Recipe(epochs=epochs, augmentation=Augmentation(horizontal_flip=True))
    files = {"model": str(folder / "model.safetensors"), "scores": str(folder / "s.json")}
    more = {"labelled": labelled, "history": str(folder / "h.parquet"), "round": 1, "gpus": 1, "metric_options": {}}
    return "train", {**shared(data), **files, **more, "recipe": plain(recipe)}


@pytest.fixture(scope="module")
def processes():
    """Fork each job from a server that has imported torch once; the same list as in test_mutations.py."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["torch", "torch._dynamo", "hypothesis", "hypothesis.strategies", "beartype", "jaxtyping"]
    )
    return context


def work(job, log):
    with open(log, "w", buffering=1) as handle, redirect_stderr(handle):
        step, values = job
        STEPS[step](**values)


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
    step, values = make(data, whole, epochs)
    STEPS[step](**{**values, "checkpoint_every_s": 1e9})
    moments = random.Random(kills)
    for _ in range(kills):
        run = start(processes, make(data, broken, epochs), log)
        kill_after(run, moments.randint(1, APART), broken / ".checkpoint.safetensors")
    run = start(processes, make(data, broken, epochs), log)
    run.join(timeout=120)
    assert run.exitcode == 0 and "going on after epoch" in log.read_text(), log.read_text()
    (name,) = (path.name for path in whole.glob("*.safetensors"))
    assert (broken / name).read_bytes() == (whole / name).read_bytes()
    assert sorted(path.name for path in broken.iterdir()) == sorted(path.name for path in whole.iterdir())


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
        _, values = pretraining(data, tmp_path, 1)
        pretrain(**values)
    finally:
        hidden.rename(data / "test")
    assert (tmp_path / "encoder.safetensors").exists()
