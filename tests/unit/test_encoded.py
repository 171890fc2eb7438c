"""Images that stay encoded: the crops of torchvision, every image once, and the same training on two processes."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import RandomResizedCrop

from altools import datasets, metrics, models, prepared, storage
from altools.encoded import Crops, EncodedImages
from altools.errors import UserError
from altools.rng import stream
from altools.steps import load, ranks
from altools.steps.label import label_all
from altools.steps.train import train
from altools.training.predict import predict
from altools.training.ranks import Ranks

CLASSES = ("n01440764", "n01443537")


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """22 train and 6 test images of two classes: stripes that lie or stand, of many sizes."""
    folder = tmp_path_factory.mktemp("imagenet")
    rng = np.random.default_rng(0)
    for part, count in (("train", 11), ("val", 3)):
        for label, name in enumerate(CLASSES):
            (folder / part / name).mkdir(parents=True)
            for number in range(count):
                height, width = rng.integers(20, 60, 2)
                lines = np.arange((height, width)[label]) // 4 % 2 * 180
                grey = np.broadcast_to(lines[:, None] if label == 0 else lines, (height, width))
                noise = rng.integers(0, 60, (height, width, 3))
                image = Image.fromarray((grey[..., None] + noise).astype(np.uint8))
                image.save(folder / part / name / f"{name}_{number}.JPEG", "JPEG", quality=95)
    return folder


@pytest.fixture(scope="module")
def facts(raw, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    prepared.write(datasets.read("imagenet", {"path": str(raw), "complete": False, "size": 16}), folder, 22, {})
    return folder / "dataset.json"


def images(facts):
    record = storage.read_json(facts)
    ids = storage.read_columns(facts.parent / "train/index.parquet", ["id"])["id"].tolist()
    folder = type(facts)(record["encoded_in"])
    return EncodedImages.on(torch.device("cpu"), folder, ids, (3, 16, 16), [0.0] * 3, [1.0] * 3, 2)


def test_whole_images_are_resized_as_pillow_does(facts):
    split = images(facts)
    (batch,) = split.batches([torch.tensor([3, 0])])
    with Image.open(split.folder / split.ids[3]) as image:
        expected = np.asarray(image.resize((16, 16), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    assert torch.equal((batch[0] * 255).round().to(torch.uint8), torch.from_numpy(expected.copy()))
    assert torch.equal(batch, split.unit(torch.tensor([3, 0])))


def test_batches_come_in_order_whatever_is_decoded_first(facts):
    split = images(facts)
    parts = list(torch.randperm(22, generator=stream(0, "order")).split(3))
    for part, batch in zip(parts, split.batches(parts), strict=True):
        assert torch.equal(batch, split.unit(part))


def test_crops_have_the_law_of_torchvision():
    """Mean and spread of area and position over 4,000 crops of a wide image, within five standard errors."""
    n, width, height = 4000, 90, 60
    crops = Crops.draw(n, 0.2, True, stream(0, "crops"))
    ours = torch.tensor([crops.box(number, width, height) for number in range(n)]).float()
    torch.manual_seed(0)
    like = torch.zeros(3, height, width)
    drawn = [RandomResizedCrop.get_params(like, [0.2, 1.0], [3 / 4, 4 / 3]) for _ in range(n)]
    theirs = torch.tensor([(left, top, left + w, top + h) for top, left, h, w in drawn]).float()
    for moment in (lambda x: x.mean(0), lambda x: x.std(0)):
        error = 5 * theirs.std(0) * (2 / n) ** 0.5
        assert ((moment(ours) - moment(theirs)).abs() <= error).all()
    assert 0.45 < crops.flip.float().mean() < 0.55


def test_a_crop_that_keeps_everything_is_the_whole_image():
    crops = Crops.draw(50, 1.0, False, stream(0, "crops"))
    assert {crops.box(number, 60, 40) for number in range(50)} == {(0, 0, 60, 40)}
    assert not crops.flip.any()


def test_flips_are_those_drawn(facts):
    split = images(facts)
    part = torch.arange(6)
    crops = Crops.draw(6, 1.0, True, stream(0, "crops"))
    (flipped,) = split.batches([part], [crops])
    (plain,) = split.batches([part], [replace(crops, flip=torch.zeros_like(crops.flip))])
    assert crops.flip.any() and not crops.flip.all()
    for number, flip in enumerate(crops.flip):
        assert torch.equal(flipped[number], plain[number].flip(2) if flip else plain[number])


def test_a_broken_file_is_named(facts, tmp_path):
    (tmp_path / "a.JPEG").write_bytes(b"not an image")
    split = EncodedImages.on(torch.device("cpu"), tmp_path, ["a.JPEG"], (3, 8, 8), [0.0] * 3, [1.0] * 3, 1)
    with pytest.raises(UserError, match=r"a\.JPEG must be an image that can be decoded"):
        list(split.batches([torch.tensor([0])]))


@pytest.mark.parametrize(("size", "count"), [(1, 7), (2, 7), (3, 7), (4, 2)])
def test_ranks_share_a_batch_completely_and_once(size, count):
    batch = torch.arange(10, 10 + count)
    shares = [Ranks(rank, size).share(batch) for rank in range(size)]
    seen = torch.cat([rows[weight > 0] for rows, weight in shares])
    assert sorted(seen.tolist()) == batch.tolist()
    assert all(len(rows) for rows, _ in shares)


def arguments(facts, folder, **other):
    folder.mkdir(parents=True, exist_ok=True)
    label_all(labelled=str(folder / "labelled.parquet"), train_images=22, code="test")
    recipe = {
        **{"epochs": 2, "batch_size": 6, "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.0},
        **{"schedule": "cosine", "precision": "float32"},
        "augmentation": {
            **{"crop_padding": 0, "crop_scale_min": 0.5, "horizontal_flip": True, "vertical_flip": False},
        },
    }
    return {
        "facts": str(facts),
        "labelled": str(folder / "labelled.parquet"),
        **{name: str(folder / f"{name}.{kind}") for name, kind in OUTPUTS.items()},
        "network": {"name": "tests.unit.plain_network", "options": {}},
        "normalisation": {"mean": [0.4] * 3, "std": [0.3] * 3},
        "recipe": recipe,
        "metric_options": {"classification": {}},
        **{"seed": 0, "round": 0, "device": "cpu", "threads": 1, "gpus": 1, "where": "test", "code": "test"},
        **other,
    }


OUTPUTS = {"model": "safetensors", "history": "parquet", "scores": "json"}


def test_two_processes_train_as_one_does(facts, tmp_path):
    """22 images in batches of 6: the last batch of 4 is smaller. Without BatchNorm the weights agree to rounding."""
    one, two = (arguments(facts, tmp_path / str(gpus), gpus=gpus) for gpus in (1, 2))
    train(**one)
    train(**two)
    alone, together = storage.read_tensors(one["model"]), storage.read_tensors(two["model"])
    for name, value in alone.items():
        assert torch.allclose(together[name], value, atol=1e-5), name
    losses = [storage.read_columns(job["history"], ["loss", "accuracy"]) for job in (one, two)]
    assert losses[1]["loss"] == pytest.approx(losses[0]["loss"], rel=1e-5)
    scores = [storage.read_json(job["scores"])["metrics"] for job in (one, two)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-5)
    assert not list(tmp_path.glob("*/.checkpoint*"))


def test_what_two_processes_test_is_the_network_that_is_kept(facts, tmp_path):
    """Every process has running statistics of its own until the first one's are given to all."""
    small = {"name": "small_cnn", "options": {"filters": 4, "width": 8}}
    job = arguments(facts, tmp_path, gpus=2, network=small, metric_options={"calibration": {}})
    train(**job)
    model = models.build("small_cnn", 3, 2, stream(0, "weights"), **small["options"])
    model.load_state_dict(storage.read_tensors(job["model"]))
    test = load.split(str(facts), "test", torch.device("cpu"), **job["normalisation"], workers=1)
    probs = predict(model, test.images).logits.double().softmax(1).numpy()
    kept = metrics.score_all({"calibration": {}}, probs, test.labels.numpy(), test.classes)
    assert storage.read_json(job["scores"])["metrics"] == pytest.approx(kept, rel=1e-5)


def test_one_process_that_fails_ends_all_with_its_sentence(facts, tmp_path):
    job = arguments(facts, tmp_path / "job", gpus=2, network={"name": "tests.unit.plain_network", "options": {}})
    job["recipe"]["learning_rate"] = 1e30
    where = r"the training loss must stay finite\. Got .* in epoch 0, step [123] of 4, .* lower recipe"
    with pytest.raises(UserError, match=where):
        train(**job)
    assert not (tmp_path / "job" / "model.safetensors").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends the processes of a dead one on Linux only")
@pytest.mark.parametrize("victim", ["torchrun", "one of the ranks", "the job"])
def test_when_one_process_is_killed_none_is_left(facts, tmp_path, victim):
    job = arguments(facts, tmp_path / "job", gpus=2, checkpoint_every_s=0)
    job["recipe"]["epochs"] = 100_000
    code = f"from altools.steps.train import train\ntrain(**{job!r})"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # in their command lines, by which they are found
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait_until((tmp_path / "job" / ".checkpoint.safetensors").exists)
        torchrun, *ranks = processes(tmp_path)
        os.kill({"torchrun": torchrun, "one of the ranks": ranks[1], "the job": parent.pid}[victim], signal.SIGKILL)
        said, _ = parent.communicate(timeout=60)
        wait_until(lambda: not processes(tmp_path))
        if victim != "the job":
            assert "UserError: one of 2 processes was ended from outside" in said
        assert parent.returncode and not (tmp_path / "job" / "model.safetensors").exists()
    finally:
        parent.kill()


def processes(folder):
    listed = subprocess.run(["pgrep", "-f", f"altools.steps.ranks {folder}"], capture_output=True, text=True)
    return sorted(map(int, listed.stdout.split()))


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert condition()


def test_a_group_that_never_forms_says_why_and_only_a_signal_is_from_outside():
    lost = ["Lost: the GPU must have room for this job.\n", "  exitcode  : 1 (pid: 7)\n"]
    assert ranks._why(lost, 2, 1) == "the GPU must have room for this job."
    assert ranks._why([*lost, "  exitcode  : -9 (pid: 8)\n"], 2, 1).startswith(
        "one of 2 processes was ended from outside"
    )
    assert "ended from outside (exit code -9)" in ranks._why(lost, 2, -9)
    assert ranks._why([*lost, "Error: the training loss must stay finite.\n"], 2, 1).startswith("the training loss")


@pytest.mark.parametrize("usable", [True, False])
def test_more_gpus_than_there_are_are_refused(facts, tmp_path, monkeypatch, usable):
    """NVML counts GPUs that a driver too old cannot use."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1 if usable else 4)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
    with pytest.raises(UserError, match=f"gpus must be at most the number of usable GPUs here, {int(usable)}. Got 4"):
        train(**arguments(facts, tmp_path / "job", gpus=4, device="auto"))
