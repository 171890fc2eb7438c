"""Supervised training from given weights: plain SGD over images that already lie on the device.

Knows nothing about files, rounds or strategies. No host-device synchronisation inside an epoch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Generator, Tensor

from altools.errors import UserError
from altools.images import Draws, Images
from altools.models import Classifier
from altools.progress import progress
from altools.training.checkpoint import Checkpoint
from altools.training.recipe import Recipe
from altools.training.sgd import Sgd


@dataclass
class History:
    """One row per epoch."""

    epoch: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    """Mean cross-entropy per image, nats."""
    accuracy: list[float] = field(default_factory=list)
    """On the augmented training batches, as the weights moved."""
    learning_rate: list[float] = field(default_factory=list)
    images_per_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)


def train(
    model: Classifier,
    images: Images,
    labels: Int[Tensor, " n"],
    rows: Int[Tensor, " l"],
    recipe: Recipe,
    streams: Callable[[int], Generator],
    where: str = "training",
    checkpoint: Checkpoint | None = None,
) -> History:
    """Train ``model`` in place on the labelled rows; the last epoch's weights stay.

    Args:
        model: on the images' device.
        images: the training set.
        labels: classes of the training set, on the same device.
        rows: which images are labelled, on the CPU.
        recipe: the recipe.
        streams: the CPU stream of an epoch (order first, then augmentation), so that any epoch can be replayed.
        where: the job in words, for messages.
        checkpoint: where a killed job goes on from.

    Raises:
        UserError: the loss is no longer finite; names the epoch and the learning rate.
    """
    history = History()
    optimizer = Sgd(model.parameters(), momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    done = checkpoint.restore(model, optimizer, history) if checkpoint else 0
    model.train()
    for epoch in progress(range(done, recipe.epochs), recipe.epochs - done, "epoch", "train"):
        started = time.perf_counter()
        rate = learning_rate(recipe, epoch)
        loss, correct = _epoch(model, images, labels, rows, recipe, streams(epoch), optimizer, rate)
        if not math.isfinite(loss):
            raise UserError(
                f"the training loss must stay finite. Got {loss} in epoch {epoch} at learning rate {rate:g} ({where}); "
                "lower recipe.learning_rate."
            )
        wall_s = time.perf_counter() - started
        history.epoch.append(epoch)
        history.loss.append(loss)
        history.accuracy.append(correct)
        history.learning_rate.append(rate)
        history.images_per_s.append(len(rows) / wall_s)
        history.wall_s.append(wall_s)
        if checkpoint:
            checkpoint.after_epoch(epoch + 1, model, optimizer, history)
    model.eval()
    return history


def _epoch(
    model: Classifier,
    images: Images,
    labels: Tensor,
    rows: Tensor,
    recipe: Recipe,
    rng: Generator,
    optimizer: Sgd,
    rate: float,
) -> tuple[float, float]:
    """Run one epoch; return mean loss and accuracy."""
    order = rows[torch.randperm(len(rows), generator=rng)].to(images.device)
    draws = Draws.draw(len(rows), recipe.augmentation, rng).to(images.device)
    targets = labels[order]
    total = torch.zeros((), device=images.device)
    correct = torch.zeros((), dtype=torch.long, device=images.device)
    for start in range(0, len(rows), recipe.batch_size):
        part = slice(start, start + recipe.batch_size)
        logits = model(images.batch(order[part], draws[part])).logits
        loss = F.cross_entropy(logits, targets[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step(rate)
        with torch.no_grad():
            total += loss * len(logits)
            correct += (logits.argmax(1) == targets[part]).sum()
    return float(total) / len(rows), float(correct) / len(rows)


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """Return the rate of an epoch: constant, or half a cosine from the start value to zero over all epochs."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / recipe.epochs))
