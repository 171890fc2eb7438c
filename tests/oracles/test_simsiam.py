"""SimSiam against a scalar definition and against lightly's heads and loss, over two whole training steps."""

import math

import pytest
import torch
from torch import nn

from altools import models
from altools.config.recipes import ModelSpec, PretrainRecipe, Views
from altools.data.images import Images
from altools.training.knn import Monitor, accuracy
from altools.training.simsiam import SimSiam, loss, pretrain, spread
from altools.training.views import ViewDraws, view

RECIPE = PretrainRecipe(
    epochs=2, batch_size=24, learning_rate=0.5, width=12, predictor_width=6, neighbours=3, views=Views(hue=0.2)
)


def stream(purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(sum(purpose.encode()))


def encoder() -> models.Classifier:
    return models.build(ModelSpec(name="small_cnn", options={"filters": 4, "width": 8}), 3, 4, stream("encoder"))


def dataset(n: int = 24) -> tuple[Images, torch.Tensor]:
    pixels = torch.randint(0, 256, (n, 3, 8, 8), generator=stream("pixels"), dtype=torch.uint8)
    return Images.on(torch.device("cpu"), pixels, [0.5] * 3, [0.25] * 3), torch.arange(n) % 4


def rows(seed: int, b: int = 5, z: int = 7) -> torch.Tensor:
    return torch.randn(b, z, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def scalar_cosine(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(x * x for x in b))


def test_the_loss_is_its_scalar_definition():
    p1, z1, p2, z2 = (rows(k) for k in range(4))
    expected = [
        -(scalar_cosine(p1[i].tolist(), z2[i].tolist()) + scalar_cosine(p2[i].tolist(), z1[i].tolist())) / 2
        for i in range(5)
    ]
    assert float(loss(p1, z1, p2, z2)) == pytest.approx(sum(expected) / 5, abs=1e-12)


def test_no_gradient_reaches_the_projections():
    parts = [rows(k).requires_grad_() for k in range(4)]
    loss(*parts).backward()
    p1, z1, p2, z2 = parts
    assert z1.grad is None and z2.grad is None
    assert p1.grad is not None and p2.grad is not None


def test_an_even_spread_is_one_over_the_root_of_the_width_and_one_point_has_none():
    even = torch.randn(4000, 64, generator=torch.Generator().manual_seed(0))
    assert float(spread(even)) == pytest.approx(64**-0.5, rel=0.01)
    assert float(spread(torch.ones(10, 8))) == pytest.approx(0, abs=1e-6)


def test_the_vote_of_the_neighbours_is_its_scalar_definition():
    bank, queries = rows(0, 30, 4), rows(1, 12, 4)
    labels, truth = torch.arange(30) % 3, torch.arange(12) % 3
    correct = 0
    for query, true in zip(queries.tolist(), truth.tolist(), strict=True):
        near = sorted(((scalar_cosine(query, row), int(c)) for row, c in zip(bank.tolist(), labels, strict=True)))[-7:]
        votes = [sum(math.exp(cosine / 0.1) for cosine, c in near if c == k) for k in range(3)]
        correct += votes.index(max(votes)) == true
    assert accuracy(bank.float(), labels, queries.float(), truth, 7) == correct / 12


@pytest.mark.peer
def test_heads_and_two_training_steps_are_lightlys():
    heads = pytest.importorskip("lightly.models.modules.heads")
    criterion = pytest.importorskip("lightly.loss").NegativeCosineSimilarity()
    images, labels = dataset()
    ours = encoder()
    fresh = SimSiam(encoder(), RECIPE.width, RECIPE.predictor_width, stream("heads"))
    projector = heads.SimSiamProjectionHead(8, 8, RECIPE.width)
    predictor = heads.SimSiamPredictionHead(RECIPE.width, RECIPE.predictor_width, RECIPE.width)
    copy_weights(fresh.projector, projector)
    copy_weights(fresh.predictor, predictor)
    backbone = encoder().backbone

    monitor = Monitor.draw(images, labels, 3, stream("held out"))
    history = pretrain(ours, images, RECIPE, stream, monitor)

    slow = torch.optim.SGD([*backbone.parameters(), *projector.parameters()], lr=1, momentum=0.9, weight_decay=1e-4)
    constant = torch.optim.SGD(predictor.parameters(), lr=0.5 * 24 / 256, momentum=0.9, weight_decay=1e-4)
    losses = []
    for epoch in range(2):
        slow.param_groups[0]["lr"] = 0.5 * 24 / 256 * (1 + math.cos(math.pi * epoch / 2)) / 2
        rng = stream(f"epoch {epoch}")
        order = torch.randperm(24, generator=rng)
        draws = [ViewDraws.draw(24, (3, 8, 8), RECIPE.views, rng) for _ in range(2)]
        x1, x2 = (images.normalise(view(images.pixels[order], draw)) for draw in draws)
        z1 = projector(backbone(x1))
        p1 = predictor(z1)
        z2 = projector(backbone(x2))
        p2 = predictor(z2)
        value = 0.5 * (criterion(p1, z2.detach()) + criterion(p2, z1.detach()))
        slow.zero_grad()
        constant.zero_grad()
        value.backward()
        slow.step()
        constant.step()
        losses.append(value.item())
    assert history.columns["loss"] == pytest.approx(losses, abs=1e-6)
    for mine, theirs in zip(ours.backbone.state_dict().values(), backbone.state_dict().values(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-5, rtol=1e-4)


def copy_weights(source: nn.Module, target: nn.Module) -> None:
    """Copy by position; fails where the number of tensors or a shape differs."""
    with torch.no_grad():
        for mine, theirs in zip(source.state_dict().values(), target.state_dict().values(), strict=True):
            theirs.copy_(mine)
            assert mine.shape == theirs.shape
