"""A training on several processes: the same as on one, one sentence when it fails, and no process left behind."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from altools import metrics, models, storage
from altools.config.recipes import Augmentation, ModelSpec, Recipe
from altools.data.prepared import load_split
from altools.errors import UserError
from altools.runtime import launch
from altools.runtime.job import perform
from altools.training.predict import predict
from tests import encoded, jobs

NORMALISATION = {"mean": [0.4] * 3, "std": [0.3] * 3}
PLAIN = {"name": "tests.unit.plain_network", "options": {}, **NORMALISATION}
SMALL = {"name": "small_cnn", "options": {"filters": 4, "width": 8}, **NORMALISATION}


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    raw = tmp_path_factory.mktemp("imagenet")
    encoded.write_raw(raw)
    return encoded.prepared(raw, tmp_path_factory.mktemp("prepared"))


def training(facts, folder, *, model=PLAIN, metrics=("classification",), epochs=2, rate=0.05, **job):
    """A training of the reference model, on all 22 images."""
    recipe = Recipe(
        epochs=epochs,
        batch_size=6,
        learning_rate=rate,
        weight_decay=0.0,
        precision="float32",
        augmentation=Augmentation(crop_scale_min=0.5, horizontal_flip=True),
    )
    labelled = jobs.label_all(folder, encoded.TRAIN)
    scored = {name: {} for name in metrics}
    return jobs.train(facts, labelled, folder, model=model, recipe=recipe, metrics=scored, **job)


def test_two_processes_train_as_one_does(facts, tmp_path):
    """22 images in batches of 6: the last batch of 4 is smaller. Without BatchNorm the weights agree to rounding."""
    one, two = (training(facts, tmp_path / str(gpus), gpus=gpus) for gpus in (1, 2))
    perform(**one)
    perform(**two)
    alone, together = (storage.read_tensors(job["outputs"]["model"]) for job in (one, two))
    for name, value in alone.items():
        assert torch.allclose(together[name], value, atol=1e-5), name
    losses = [storage.read_columns(job["outputs"]["history"], ["loss", "accuracy"]) for job in (one, two)]
    assert losses[1]["loss"] == pytest.approx(losses[0]["loss"], rel=1e-5)
    scores = [storage.read_json(job["outputs"]["scores"])["metrics"] for job in (one, two)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-5)
    assert not list(tmp_path.glob("*/.checkpoint*"))


def test_what_two_processes_test_is_the_network_that_is_kept(facts, tmp_path):
    """Every process has running statistics of its own until the first one's are given to all."""
    job = training(facts, tmp_path, gpus=2, model=SMALL, metrics=("calibration",))
    perform(**job)
    spec = ModelSpec(**SMALL)
    weights = storage.read_tensors(job["outputs"]["model"])
    model = models.restore(spec, 3, 2, weights, torch.device("cpu"))
    test = load_split(str(facts), "test", torch.device("cpu"), spec)
    probs = predict(model, test.images).logits.double().softmax(1).numpy()
    kept = metrics.score_all({"calibration": {}}, probs, test.labels.numpy(), test.classes)
    assert storage.read_json(job["outputs"]["scores"])["metrics"] == pytest.approx(kept, rel=1e-5)


def test_one_process_that_fails_ends_all_with_its_sentence(facts, tmp_path):
    job = training(facts, tmp_path / "job", gpus=2, rate=1e30)
    where = r"the training loss must stay finite\. Got .* in epoch 0, step [123] of 4, .* lower recipe"
    with pytest.raises(UserError, match=where):
        perform(**job)
    assert not (tmp_path / "job" / "model.safetensors").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends the processes of a dead one on Linux only")
@pytest.mark.parametrize("victim", ["one of the ranks", "the job"])
def test_when_one_process_is_killed_none_is_left(facts, tmp_path, victim):
    job = training(facts, tmp_path / "job", gpus=2, epochs=100_000)
    code = f"from altools.runtime.job import perform\nperform(**{job!r})"
    # The temporary folder stands in their command lines, by which they are found.
    environment = {**os.environ, "TMPDIR": str(tmp_path), "ALTOOLS_CHECKPOINT_S": "0"}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait_until((tmp_path / "job" / ".checkpoint.safetensors").exists)
        _, second = processes(tmp_path)
        os.kill({"one of the ranks": second, "the job": parent.pid}[victim], signal.SIGKILL)
        said, _ = parent.communicate(timeout=60)
        wait_until(lambda: not processes(tmp_path))
        if victim != "the job":
            assert "UserError: one of 2 processes was killed from outside" in said
        assert parent.returncode and not (tmp_path / "job" / "model.safetensors").exists()
    finally:
        parent.kill()


def processes(folder):
    listed = subprocess.run(["pgrep", "-f", f"altools.runtime.launch {folder}"], capture_output=True, text=True)
    return sorted(map(int, listed.stdout.split()))


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert condition()


@pytest.mark.parametrize(
    ("exit_code", "said", "reason"),
    [
        (1, "RuntimeError: Error: the GPU must have room for this job.", "the GPU must have room for this job."),
        (1, "RuntimeError: Error: the training loss must stay finite.", "the training loss must stay finite."),
        (-9, None, "one of 2 processes was killed from outside (signal 9); start the job again"),
    ],
)
def test_a_process_says_itself_why_it_failed_and_only_a_signal_is_from_outside(tmp_path, exit_code, said, reason):
    file = tmp_path / "error.json"
    if said:
        file.write_text(json.dumps({"message": {"message": said, "extraInfo": {"timestamp": "1"}}}))
    failure = ProcessFailure(local_rank=0, pid=7, exitcode=exit_code, error_file=str(file))
    assert launch._reason(failure, 2).startswith(reason)


@pytest.mark.parametrize("usable", [True, False])
def test_more_gpus_than_there_are_are_refused(facts, tmp_path, monkeypatch, usable):
    """NVML counts GPUs that a driver too old cannot use."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1 if usable else 4)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
    with pytest.raises(UserError, match=f"gpus must be at most the number of usable GPUs here, {int(usable)}. Got 4"):
        perform(**training(facts, tmp_path / "job", gpus=4, device="auto"))
