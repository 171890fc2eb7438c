"""Training: equal to a plain loop written with torch's own parts, the same bytes each time, and it learns."""

import pytest
import torch
import torch.nn.functional as F

from altools import models
from altools.errors import UserError
from altools.images import Images
from altools.rng import stream
from altools.training.predict import predict
from altools.training.recipe import Augmentation, Recipe
from altools.training.supervised import learning_rate, train

RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=0.05)


@pytest.fixture
def data():
    rng = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (50,), generator=rng)
    pixels = (labels[:, None, None, None] * 80 + torch.randint(0, 60, (50, 1, 8, 8), generator=rng)).to(torch.uint8)
    return Images.on(torch.device("cpu"), pixels, [0.4], [0.3]), labels


def fresh():
    return models.build("small_cnn", 1, 3, stream(0, "weights"), filters=4, width=8)


def streams(epoch):
    return stream(0, f"epoch {epoch}")


def test_it_equals_a_plain_loop(data):
    images, labels = data
    rows = torch.arange(21)
    ours, plain = fresh(), fresh()
    history = train(ours, images, labels, rows, RECIPE, streams)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)
    for epoch in range(3):
        order = rows[torch.randperm(21, generator=streams(epoch))]
        assert history.learning_rate[epoch] == pytest.approx(schedule.get_last_lr()[0])
        losses = []
        for part in order.split(8):
            loss = F.cross_entropy(plain(images.batch(part)).logits, labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item() * len(part))
        schedule.step()
        assert history.loss[epoch] == pytest.approx(sum(losses) / 21, rel=1e-4)
    for name, value in plain.state_dict().items():
        assert torch.allclose(ours.state_dict()[name], value, atol=1e-5), name


def test_the_same_seed_gives_the_same_bytes(data):
    images, labels = data
    recipe = Recipe(epochs=2, augmentation=Augmentation(crop_padding=1, horizontal_flip=True))
    results = []
    for _ in range(2):
        model = fresh()
        train(model, images, labels, torch.arange(30), recipe, streams)
        results.append(model.state_dict())
    assert all(torch.equal(value, results[1][name]) for name, value in results[0].items())


def test_unlabelled_images_have_no_influence(data):
    images, labels = data
    one, two = fresh(), fresh()
    train(one, images, labels, torch.arange(20), RECIPE, streams)
    labels = labels.clone()
    labels[20:] = 0
    images.pixels[20:] = 0
    train(two, images, labels, torch.arange(20), RECIPE, streams)
    assert torch.equal(one.head.weight, two.head.weight)


def test_it_learns(data):
    images, labels = data
    model = fresh()
    train(model, images, labels, torch.arange(50), Recipe(epochs=30, learning_rate=0.05), streams)
    assert (predict(model, images).logits.argmax(1) == labels).float().mean() > 0.9


def test_a_diverging_loss_is_named_with_epoch_and_rate(data):
    images, labels = data
    with pytest.raises(UserError, match=r"must stay finite. Got nan in epoch 0 at learning rate 1e\+30 .*lower"):
        train(fresh(), images, labels, torch.arange(50), Recipe(epochs=2, learning_rate=1e30), streams, "job")


def test_predicting_changes_nothing_and_batches_do_not_matter(data, monkeypatch):
    images, labels = data
    model = fresh()
    train(model, images, labels, torch.arange(20), RECIPE, streams)
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    whole = predict(model, images)
    monkeypatch.setattr("altools.training.predict.BATCH", 7)
    parts = predict(model, images)
    assert model.training and torch.allclose(whole.logits, parts.logits, atol=1e-6)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_cosine_ends_near_zero_and_constant_stays():
    recipe = Recipe(epochs=10, learning_rate=1.0)
    assert learning_rate(recipe, 0) == 1 and learning_rate(recipe, 5) == pytest.approx(0.5)
    assert learning_rate(Recipe(epochs=10, learning_rate=1.0, schedule="constant"), 9) == 1
