"""SimSiam: collapse is seen, the incomplete batch is dropped, the classifier stays, errors are sentences."""

import math

import pytest
import torch
from sklearn.datasets import load_digits

from altools import models
from altools.config.recipes import ModelSpec, PretrainRecipe, Views
from altools.data.images import Images
from altools.errors import UserError
from altools.rng import stream
from altools.training import simsiam
from altools.training.knn import Monitor


@pytest.fixture(scope="module")
def handwriting():
    digits = load_digits()
    pixels = torch.from_numpy((digits.images * (255 / 16)).round().astype("uint8")[:, None])
    return Images.on(torch.device("cpu"), pixels, [0.3], [0.38]), torch.from_numpy(digits.target)


def run(images, labels, recipe):
    encoder = models.build(
        ModelSpec(name="small_cnn", options={"filters": 8, "width": 32}),
        images.pixels.shape[1],
        10,
        stream(0, "weights"),
    )
    monitor = Monitor.draw(images, labels, recipe.neighbours, stream(0, "held out"))
    history = simsiam.pretrain(encoder, images, recipe, lambda purpose: stream(0, purpose), monitor)
    return encoder, history


def tiny(n=20):
    pixels = torch.randint(0, 256, (n, 1, 6, 6), generator=stream(0, "pixels"), dtype=torch.uint8)
    return Images.on(torch.device("cpu"), pixels, [0.5], [0.25]), torch.arange(n) % 10


SMALL = PretrainRecipe(epochs=3, batch_size=8, width=8, predictor_width=4, neighbours=3, monitor_epochs=2)


def test_collapse_without_the_stopped_gradient_is_seen_and_only_then(handwriting, monkeypatch):
    views = Views(crop_scale_min=0.5, horizontal_flip=False, blur_probability=0.0)
    recipe = PretrainRecipe(
        epochs=25, batch_size=256, learning_rate=0.5, width=128, predictor_width=32, monitor_epochs=25, views=views
    )
    _, healthy = run(*handwriting, recipe)
    assert not simsiam.collapsed(healthy.columns["projection_std"][-1], recipe)

    def leaky(p1, z1, p2, z2):
        return 0.5 * (simsiam.negative_cosine(p1, z2) + simsiam.negative_cosine(p2, z1))

    monkeypatch.setattr(simsiam, "loss", leaky)
    _, history = run(*handwriting, recipe)
    assert simsiam.collapsed(history.columns["projection_std"][-1], recipe)
    assert history.columns["knn_accuracy"][-1] < healthy.columns["knn_accuracy"][-1]


def test_history_has_a_row_per_epoch_and_the_monitor_comes_every_few_and_last():
    _, history = run(*tiny(), SMALL)
    assert history.columns["epoch"] == [0, 1, 2]
    assert [math.isnan(value) for value in history.columns["knn_accuracy"]] == [True, False, False]
    assert history.columns["learning_rate"] == pytest.approx([0.05 * 8 / 256 * f for f in (1, 0.75, 0.25)])


def test_the_classifier_stays_as_it_was():
    fresh = models.build(ModelSpec(name="small_cnn", options={"filters": 8, "width": 32}), 1, 10, stream(0, "weights"))
    encoder, _ = run(*tiny(), SMALL)
    assert torch.equal(encoder.head.weight, fresh.head.weight)
    assert not torch.equal(encoder.backbone[0].weight, fresh.backbone[0].weight)


def test_the_labels_change_nothing_but_the_monitor():
    images, labels = tiny()
    first, _ = run(images, labels, SMALL)
    second, _ = run(images, labels.flip(0), SMALL)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_fewer_images_than_a_batch_are_refused():
    with pytest.raises(UserError, match=r"pretrain.batch_size must be at most .* 7. Got 8 \(pre-training\)"):
        run(*tiny(7), SMALL)


def test_a_rate_that_explodes_is_named():
    with pytest.raises(UserError, match=r"the SimSiam loss must stay finite. Got nan in epoch \d, step \d of \d"):
        run(*tiny(), PretrainRecipe(**{**vars(SMALL), "learning_rate": 1e30, "epochs": 8}))


def test_a_blur_range_upside_down_is_refused():
    with pytest.raises(UserError, match="views.blur_sigma_min must be at most blur_sigma_max = 2.0. Got 3.0"):
        Views(blur_sigma_min=3.0)
