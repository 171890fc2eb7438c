"""On a GPU: the replayed step follows eager float32, resumes, and leaves the capture without a trace."""

import pytest
import torch
import torch.nn.functional as F

from altools import models
from altools.config.recipes import Augmentation, ModelSpec, Recipe
from altools.data.images import Draws, Images
from altools.rng import stream
from altools.runtime.checkpoint import Checkpoint
from altools.training.precision import precision_for
from altools.training.predict import predict
from altools.training.sgd import Sgd
from altools.training.supervised import _Counted, _Epochs, train

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]


@pytest.fixture
def data():
    rng = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 10, (2000,), generator=rng)
    patterns = torch.randint(0, 160, (10, 3, 32, 32), generator=rng)
    pixels = (patterns[labels] + torch.randint(0, 96, (2000, 3, 32, 32), generator=rng)).to(torch.uint8)
    cuda = torch.device("cuda")
    return Images.on(cuda, pixels, [0.5] * 3, [0.25] * 3), labels.to(cuda)


def fresh():
    return models.build(ModelSpec(name="resnet18", options={"stem": "cifar"}), 3, 10, stream(0, "weights")).cuda()


def streams(epoch):
    return stream(0, f"epoch {epoch}")


def eager_losses(data, count, rate=0.01):
    """The loss of every step of one epoch of a plain loop in float32 over some rows, in batches of 20."""
    images, labels = data
    plain = fresh().train()
    optimizer = torch.optim.SGD(plain.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)
    order = torch.randperm(count, generator=streams(0)).cuda()
    losses = []
    for part in order.split(20):
        loss = F.cross_entropy(plain(images.batch(part)).logits, labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).double().cpu()


def run_of(model, data, count, precision):
    images, labels = data
    recipe = Recipe(epochs=1, precision=precision)
    chosen = precision_for(model, images.device, precision)
    chosen.to_memory_format(model)
    optimizer = Sgd(model.parameters(), momentum=0.9, weight_decay=5e-4)
    return _Epochs(model.train(), images, labels, torch.arange(count), recipe, optimizer, chosen)


def test_the_first_hundred_losses_follow_eager_float32(data):
    """In the mean, and as a curve of ten points; single steps of two float32 runs differ by 1e-2 after eight."""
    expected = eager_losses(data, 2000)
    losses, _ = run_of(fresh(), data, 2000, "auto").epoch(streams(0), 0.01)
    assert float(losses.mean()) == pytest.approx(float(expected.mean()), rel=1e-2)
    smooth = [values.unfold(0, 10, 10).mean(1) for values in (losses, expected)]
    torch.testing.assert_close(smooth[0], smooth[1], rtol=5e-2, atol=3e-2)


def test_single_precision_replayed_is_eager_to_rounding(data):
    losses, _ = run_of(fresh(), data, 207, "float32").epoch(streams(0), 0.01)
    expected = eager_losses(data, 207)
    torch.testing.assert_close(losses[:3], expected[:3], rtol=1e-3, atol=1e-4)  # rounding grows tenfold per step
    assert float(losses.mean()) == pytest.approx(float(expected.mean()), rel=5e-2)


def test_the_same_training_replayed_twice_is_the_same_to_rounding(data):
    images, labels = data
    recipe = Recipe(epochs=2, precision="float32")
    first, second = (train(fresh(), images, labels, torch.arange(200), recipe, streams) for _ in range(2))
    assert first.columns["loss"] == pytest.approx(second.columns["loss"], rel=1e-3)


def test_a_capture_changes_no_tensor_of_the_training(data):
    run = run_of(fresh(), data, 207, "auto")
    before = [tensor.detach().clone() for tensor in run.state]
    order = torch.arange(207).cuda()
    draws = Draws.draw(207, run.recipe.augmentation, streams(0)).to(order.device)
    _Counted(run, order, draws)
    assert all(torch.equal(tensor, value) for tensor, value in zip(run.state, before, strict=True))


def test_a_resumed_training_goes_on_where_it_was(data, tmp_path):
    images, labels = data

    def losses(epochs, name):
        saves = Checkpoint(path=tmp_path / name, identity={}, every_epochs=1)
        recipe = Recipe(epochs=epochs, schedule="constant", precision="float32")
        return train(fresh(), images, labels, torch.arange(207), recipe, streams, "job", saves).columns["loss"]

    whole = losses(4, "whole")
    losses(2, "resumed")
    assert losses(4, "resumed") == pytest.approx(whole, rel=1e-2)


def test_layers_that_draw_follow_the_seed(data):
    images, labels = data
    found = []
    for seed in (0, 0, 1):
        model = fresh()
        model.backbone = torch.nn.Sequential(model.backbone, torch.nn.Dropout(0.5)).cuda()
        recipe = Recipe(epochs=2, precision="float32")
        history = train(
            model, images, labels, torch.arange(207), recipe, lambda epoch, seed=seed: stream(seed, f"{epoch}")
        )
        found.append(history.columns["loss"])
    assert found[0] == pytest.approx(found[1], rel=1e-3) and found[0] != pytest.approx(found[2], rel=1e-3)


def test_the_end_is_that_of_eager_float32_within_seed_noise(data):
    images, labels = data
    ends = {}
    for precision in ("auto", "float32"):
        recipe = Recipe(epochs=5, precision=precision)
        scores = []
        for seed in range(3):
            model = models.build(
                ModelSpec(name="resnet18", options={"stem": "cifar"}), 3, 10, stream(seed, "weights")
            ).cuda()
            train(model, images, labels, torch.arange(0, 2000, 4), recipe, lambda e, s=seed: stream(s, f"epoch {e}"))
            scores.append(float((predict(model, images).logits.argmax(1) == labels).float().mean()))
        ends[precision] = torch.tensor(scores)
    noise = float(torch.stack(list(ends.values())).std(1).mean())
    assert abs(float(ends["auto"].mean() - ends["float32"].mean())) <= 3 * noise + 0.01


def test_a_last_batch_that_is_smaller_and_augmentation_are_replayed_too(data):
    images, labels = data
    recipe = Recipe(epochs=10, augmentation=Augmentation(crop_padding=4, horizontal_flip=True))
    history = train(fresh(), images, labels, torch.arange(1007), recipe, streams)
    assert history.columns["accuracy"][-1] > 0.9
