"""On a GPU: the replayed step follows eager float32, resumes, and leaves the capture without a trace."""

import pytest
import torch
import torch.nn.functional as F

from altools import models
from altools.images import Images
from altools.rng import stream
from altools.training.recipe import Augmentation, Recipe
from altools.training.supervised import train

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
    return models.build("resnet18", 3, 10, stream(0, "weights"), stem="cifar").cuda()


def streams(epoch):
    return stream(0, f"epoch {epoch}")


def test_the_first_hundred_losses_follow_eager_float32(data):
    images, labels = data
    rows = torch.arange(2000)
    plain = fresh()
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    order = rows[torch.randperm(2000, generator=streams(0))].cuda()
    losses = []
    for part in order.split(20):
        loss = F.cross_entropy(plain(images.batch(part)).logits, labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    history = train(fresh(), images, labels, rows, Recipe(epochs=1), streams)
    assert history.loss[0] == pytest.approx(float(torch.stack(losses).mean()), rel=1e-2)


def test_a_last_batch_that_is_smaller_and_augmentation_are_replayed_too(data):
    images, labels = data
    recipe = Recipe(epochs=10, augmentation=Augmentation(crop_padding=4, horizontal_flip=True))
    history = train(fresh(), images, labels, torch.arange(1007), recipe, streams)
    assert history.accuracy[-1] > 0.9


def test_single_precision_replayed_is_eager_to_rounding(data):
    images, labels = data
    recipe = Recipe(epochs=2, precision="float32")
    one, two = fresh(), fresh()
    first = train(one, images, labels, torch.arange(200), recipe, streams)
    second = train(two, images, labels, torch.arange(200), recipe, streams)
    assert first.loss == pytest.approx(second.loss, rel=1e-3)
