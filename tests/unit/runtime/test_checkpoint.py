"""Checkpoints: resumed equals uninterrupted, and a checkpoint of another job is ignored with a line that says why."""

from pathlib import Path

import pytest
import torch

from altools import models
from altools.config.recipes import Augmentation, ModelSpec, Recipe
from altools.data.images import Images
from altools.rng import stream
from altools.runtime.checkpoint import EVERY_S, Checkpoint, beside
from altools.training.fit import History
from altools.training.sgd import Sgd
from altools.training.supervised import train

RECIPE = Recipe(epochs=6, batch_size=7, learning_rate=0.1, augmentation=Augmentation(crop_padding=1))


class Killed(Exception):
    pass


def images(n=30):
    pixels = torch.randint(0, 256, (n, 1, 6, 6), generator=stream(0, "pixels"), dtype=torch.uint8)
    return Images.on(torch.device("cpu"), pixels, [0.5], [0.25])


def run(checkpoint=None, kill_after=None):
    model = models.build(ModelSpec(name="small_cnn", options={"filters": 4, "width": 8}), 1, 3, stream(0, "weights"))

    def streams(epoch):
        if epoch == kill_after:
            raise Killed
        return stream(0, f"epoch {epoch}")

    history = train(model, images(), torch.arange(30) % 3, torch.arange(25), RECIPE, streams, "here", checkpoint)
    return model, history


def checkpoint(folder: Path, **changes):
    settings = {"identity": {"recipe": {"epochs": 6}, "code version": "a"}, "every_epochs": 1, **changes}
    return Checkpoint(path=folder / ".checkpoint.safetensors", **settings)


@pytest.mark.parametrize(("every", "kill_after", "done"), [(1, 4, 4), (2, 5, 4), (4, 3, 0)])
def test_resumed_is_uninterrupted(tmp_path, every, kill_after, done, capsys):
    whole, history = run()
    with pytest.raises(Killed):
        run(checkpoint(tmp_path, every_epochs=every), kill_after)
    again = checkpoint(tmp_path, every_epochs=every)
    resumed, record = run(again)
    assert all(
        torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True)
    )
    assert all(record.columns[name] == history.columns[name] for name in ("epoch", "loss", "accuracy"))
    assert (f"continuing after epoch {done} of" in capsys.readouterr().err) == bool(done)
    again.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["recipe", "code version"])
def test_a_checkpoint_of_another_job_is_ignored_and_said_so(tmp_path, name, capsys):
    whole, _ = run()
    with pytest.raises(Killed):
        run(checkpoint(tmp_path), 4)
    identity = {**checkpoint(tmp_path).identity, name: "other"}
    fresh, record = run(checkpoint(tmp_path, identity=identity))
    assert record.columns["epoch"] == [0, 1, 2, 3, 4, 5]
    assert torch.equal(whole.head.weight, fresh.head.weight)
    lines = [line for line in capsys.readouterr().err.splitlines() if "checkpoint ignored" in line]
    assert len(lines) == 1 and lines[0].endswith(f"is from another {name}")


def test_a_damaged_checkpoint_is_ignored(tmp_path, capsys):
    (tmp_path / ".checkpoint.safetensors").write_bytes(b"half a file")
    _, record = run(checkpoint(tmp_path))
    assert record.columns["epoch"][0] == 0
    assert "checkpoint ignored, starting from the first epoch" in capsys.readouterr().err


def test_what_a_kill_left_of_a_write_is_removed(tmp_path):
    leftover = tmp_path / "..checkpoint.safetensors.123.tmp"
    leftover.write_bytes(b"half")
    run(checkpoint(tmp_path))
    assert not leftover.exists()


def test_nothing_is_saved_before_it_is_time(tmp_path):
    run(checkpoint(tmp_path, every_epochs=None, every_s=3600.0))
    assert list(tmp_path.iterdir()) == []


def test_not_a_number_survives_and_a_count_stays_one(tmp_path):
    model = torch.nn.Linear(2, 1)
    optimizer = Sgd(model.parameters(), momentum=0.9, weight_decay=0.0)
    history = History("epoch", "knn")
    history.append(epoch=0, knn=float("nan"))
    checkpoint(tmp_path).after_epoch(1, model, optimizer, history)
    restored = History("epoch", "knn")
    assert checkpoint(tmp_path).restore(model, optimizer, restored) == 1
    (epoch,), (knn,) = restored.columns.values()
    assert epoch == 0 and isinstance(epoch, int) and knn != knn


def test_the_environment_says_how_often_a_job_saves(tmp_path, monkeypatch):
    source = {"code": "a", "params": {"epochs": 6}, "inputs": {}, "device": "a CPU"}
    path = str(tmp_path / "model.safetensors")
    monkeypatch.delenv("ALTOOLS_CHECKPOINT_S", raising=False)
    made = beside(path, source, 3, torch.device("cpu"))
    assert made.path == tmp_path / ".checkpoint.safetensors" and made.every_s == EVERY_S == 120
    assert made.identity == {"code": "a", "params": {"epochs": 6}, "inputs": {}, "seed": 3, "device": "cpu"}
    monkeypatch.setenv("ALTOOLS_CHECKPOINT_S", "0.5")
    assert beside(path, source, 3, torch.device("cpu")).every_s == 0.5
