r"""SimSiam: an encoder learns from unlabelled images that two random views of one image belong together.

.. math:: L = -\tfrac12 \big(\cos(p_1, \mathrm{sg}\, z_2) + \cos(p_2, \mathrm{sg}\, z_1)\big), \quad
          z_i = f(x_i), \; p_i = h(z_i)

f is the encoder with a projector of three layers, h a predictor with a bottleneck, sg stops the gradient: without it
all images would end at one point (collapse), which the standard deviation of z / |z| shows.
Reference: Chen and He, 2021, "Exploring simple Siamese representation learning", algorithm 1. Differs: the projector's
last layer has no bias (the normalisation after it would remove it). The views go through the network one after the
other, so each has batch statistics of its own. Knows nothing about files, labels (except for the monitor) or rounds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor, nn

from altools.config.recipes import PretrainRecipe
from altools.data.images import Images
from altools.errors import UserError
from altools.models import Classifier, initialise
from altools.rng import inside_layers
from altools.training.fit import SIMSIAM, Checkpoint, Epoch, History, fit
from altools.training.knn import Monitor
from altools.training.precision import Precision, precision_for
from altools.training.sgd import Sgd, learning_rate
from altools.training.views import ViewDraws, view

RATE_FOR = 256  # images in a batch that the recipe's learning rate is meant for
COLLAPSED = 0.8  # share of an even spread: digits 0.99 with, 0.4 to 0.75 (and falling) without the stopped gradient


class SimSiam(nn.Module):
    """An encoder with the two heads that only pre-training needs."""

    def __init__(self, encoder: Classifier, width: int, predictor_width: int, rng: Generator) -> None:
        super().__init__()
        embedding = encoder.head.in_features
        with torch.random.fork_rng(devices=[]):
            projector = nn.Sequential(
                *_hidden(embedding, embedding),
                *_hidden(embedding, embedding),
                nn.Linear(embedding, width, bias=False),
                nn.BatchNorm1d(width, affine=False),
            )
            predictor = nn.Sequential(*_hidden(width, predictor_width), nn.Linear(predictor_width, width))
        self.encoder = encoder
        self.projector = initialise(projector, rng)
        self.predictor = initialise(predictor, rng)

    def forward(self, images: Float[Tensor, "b c h w"]) -> tuple[Float[Tensor, "b z"], Float[Tensor, "b z"]]:
        """Return prediction p and projection z."""
        projection = self.projector(self.encoder.embed(images))
        return self.predictor(projection), projection


def _hidden(entering: int, leaving: int) -> list[nn.Module]:
    return [nn.Linear(entering, leaving, bias=False), nn.BatchNorm1d(leaving), nn.ReLU(inplace=True)]


def loss(
    p1: Float[Tensor, "b z"], z1: Float[Tensor, "b z"], p2: Float[Tensor, "b z"], z2: Float[Tensor, "b z"]
) -> Float[Tensor, ""]:
    """Return the symmetric negative cosine similarity; no gradient flows into the projections."""
    return 0.5 * (negative_cosine(p1, z2.detach()) + negative_cosine(p2, z1.detach()))


def negative_cosine(a: Float[Tensor, "b z"], b: Float[Tensor, "b z"]) -> Float[Tensor, ""]:
    """Return minus the mean cosine of the angles between rows."""
    return -F.cosine_similarity(a, b, dim=1).mean()


def spread(projections: Float[Tensor, "b z"]) -> Float[Tensor, ""]:
    """Return the mean standard deviation of z / |z|: 1 / sqrt(width) when even, 0 when collapsed."""
    return F.normalize(projections, dim=1).std(0).mean()


COLUMNS = ("epoch", "loss", "projection_std", "knn_accuracy", "learning_rate", "images_per_s", "wall_s")
"""Of the history: loss (-1 to 1) and projection_std (`spread`) are means over the batches; knn_accuracy is NaN where it
was not measured; learning_rate is that of encoder and projector."""


def pretrain(
    encoder: Classifier,
    images: Images,
    recipe: PretrainRecipe,
    streams: Callable[[str], Generator],
    monitor: Monitor,
    checkpoint: Checkpoint | None = None,
    job_name: str = "pre-training",
) -> History:
    """Train the backbone of ``encoder`` in place; its classifier stays as it is.

    Args:
        encoder: on the images' device.
        images: all that are trained on, their labels unknown.
        recipe: the recipe.
        streams: CPU streams by purpose: "heads", and "epoch k" (order first, then both views), so that any epoch can
            be replayed.
        monitor: measures the encoder every ``recipe.monitor_epochs`` epochs.
        checkpoint: where a killed training continues from.
        job_name: the job in words, for messages.

    Raises:
        UserError: fewer images than a batch, or the loss is no longer finite.
    """
    if len(images) < recipe.batch_size:
        raise UserError(
            f"pretrain.batch_size must be at most the number of training images, {len(images)}. "
            f"Got {recipe.batch_size} ({job_name}); lower it."
        )
    model = SimSiam(encoder, recipe.width, recipe.predictor_width, streams("heads")).to(images.device)
    precision = precision_for(model.encoder, images.device, recipe.precision)
    model.to(memory_format=torch.channels_last)
    learning = [*model.encoder.backbone.parameters(), *model.projector.parameters()]
    momentum, decay = recipe.momentum, recipe.weight_decay
    optimizer = Sgd(learning, model.predictor.parameters(), momentum=momentum, weight_decay=decay)
    first = recipe.learning_rate * recipe.batch_size / RATE_FOR

    def run_epoch(epoch: int) -> Epoch:
        rate = learning_rate(recipe.schedule, first, epoch, recipe.epochs)
        rates = (rate, first if recipe.constant_predictor_rate else rate)
        losses, std = _epoch(model, images, recipe, streams(f"epoch {epoch}"), optimizer, rates, precision)
        row = {"loss": float(losses.mean()), "projection_std": std, "learning_rate": rate}
        return Epoch(losses, len(losses) * recipe.batch_size, row)

    def measure(epoch: int) -> dict[str, float]:
        due = (epoch + 1) % recipe.monitor_epochs == 0 or epoch + 1 == recipe.epochs
        return {"knn_accuracy": monitor.measure(encoder) if due else math.nan}

    return fit(
        model,
        optimizer,
        run_epoch,
        History(*COLUMNS),
        epochs=recipe.epochs,
        kind=replace(SIMSIAM, job_name=job_name),
        checkpoint=checkpoint,
        measure=measure,
    )


def _epoch(
    model: SimSiam,
    images: Images,
    recipe: PretrainRecipe,
    rng: Generator,
    optimizer: Sgd,
    rates: tuple[float, float],
    precision: Precision,
) -> tuple[Float[Tensor, " steps"], float]:
    """Run one epoch without its incomplete last batch; return the loss of every step and the mean spread."""
    device, steps = images.device, len(images) // recipe.batch_size
    used = steps * recipe.batch_size
    order = torch.randperm(len(images), generator=rng)[:used].to(device)
    _, channels, height, width = images.pixels.shape
    first, second = (ViewDraws.draw(used, (channels, height, width), recipe.views, rng).to(device) for _ in range(2))
    values = torch.zeros(steps, 2, device=device)
    inside_layers(rng, device)
    for step, start in enumerate(range(0, used, recipe.batch_size)):
        part = slice(start, start + recipe.batch_size)
        pixels = images.pixels[order[part]]
        views = [images.normalise(view(pixels, draws[part])) for draws in (first, second)]
        with precision.autocast():
            (p1, z1), (p2, z2) = (model(images) for images in views)
        step_loss = loss(p1.float(), z1.float(), p2.float(), z2.float())
        optimizer.zero_grad()
        step_loss.backward()
        optimizer.step(*rates)
        with torch.no_grad():
            values[step] = torch.stack([step_loss, spread(z1.float())])
    losses, stds = values.double().cpu().unbind(1)
    return losses, float(stds.mean())


def collapsed(projection_std: float, recipe: PretrainRecipe) -> bool:
    """Return whether the projections of the last epoch have (nearly) collapsed to one point."""
    return projection_std * math.sqrt(recipe.width) < COLLAPSED
