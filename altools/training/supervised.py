"""Supervised training from given weights: SGD over images that already lie on the device.

Knows nothing about files, rounds or strategies. No host-device synchronisation inside an epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor

from altools.config.recipes import Recipe
from altools.data.images import Draws, Images
from altools.models import Classifier
from altools.rng import inside_layers
from altools.training.fit import SUPERVISED, Checkpoint, Epoch, History, fit
from altools.training.precision import Precision, precision_for
from altools.training.replay import Graphs, Step
from altools.training.sgd import Sgd, learning_rate

COLUMNS = ("epoch", "loss", "accuracy", "learning_rate", "images_per_s", "wall_s")
"""Of the history: loss is the mean cross-entropy per image in nats; accuracy is that of the augmented training batches,
as the weights moved."""


def train(
    model: Classifier,
    images: Images,
    labels: Int[Tensor, " n"],
    rows: Int[Tensor, " l"],
    recipe: Recipe,
    streams: Callable[[int], Generator],
    job_name: str = "training",
    checkpoint: Checkpoint | None = None,
) -> History:
    """Train ``model`` in place on the labelled rows; the last epoch's weights stay.

    Args:
        model: on the images' device.
        images: the training set.
        labels: classes of the training set, on the same device.
        rows: which images are labelled, on the CPU.
        recipe: how to train.
        streams: the CPU stream of an epoch: order first, then augmentation. Any epoch can be replayed. Torch's global
            generators are set from it, for layers that draw (`inside_layers`).
        job_name: the job in words, for messages.
        checkpoint: where a killed training continues from.

    Raises:
        UserError: the loss is no longer finite; the message names the epoch, the step and the learning rate.
    """
    precision = precision_for(model, images.device, recipe.precision)
    precision.to_memory_format(model)
    optimizer = Sgd(model.parameters(), momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    steps = _Epochs(model, images, labels, rows, recipe, optimizer, precision)

    def run_epoch(epoch: int) -> Epoch:
        rate = learning_rate(recipe.schedule, recipe.learning_rate, epoch, recipe.epochs)
        losses, correct = steps.epoch(streams(epoch), rate)
        mean_loss = float(losses @ steps.sizes) / len(rows)
        row = {"loss": mean_loss, "accuracy": correct / len(rows), "learning_rate": rate}
        return Epoch(losses, len(rows), row)

    return fit(
        model,
        optimizer,
        run_epoch,
        History(*COLUMNS),
        epochs=recipe.epochs,
        kind=replace(SUPERVISED, job_name=job_name),
        checkpoint=checkpoint,
    )


class _Epochs:
    """The steps of an epoch over buffers that are filled once per epoch.

    On a GPU a step is a replayed graph that counts the steps itself (`_Counted`); elsewhere a step is called with its
    slice of the epoch.
    """

    def __init__(
        self,
        model: Classifier,
        images: Images,
        labels: Tensor,
        rows: Tensor,
        recipe: Recipe,
        optimizer: Sgd,
        precision: Precision,
    ) -> None:
        self.model, self.images, self.labels, self.rows = model, images, labels, rows
        self.recipe, self.optimizer, self.precision = recipe, optimizer, precision
        full, rest = divmod(len(rows), recipe.batch_size)
        batches = [recipe.batch_size] * full + [rest] * (rest > 0)
        self.sizes = torch.tensor(batches, dtype=torch.float64)
        device = images.device
        self.losses = torch.zeros(len(batches), device=device)
        self.correct = torch.zeros((), dtype=torch.long, device=device)
        self.counted: _Counted | None = None

    def epoch(self, rng: Generator, rate: float) -> tuple[Float[Tensor, " steps"], int]:
        """Run one epoch; return the mean loss of every step (float64, CPU) and how many images were right."""
        device, count = self.images.device, len(self.rows)
        order = self.rows[torch.randperm(count, generator=rng)].to(device)
        draws = Draws.draw(count, self.recipe.augmentation, rng).to(device)
        self.correct.zero_()
        if device.type == "cuda":
            if self.counted is None:
                self.counted = _Counted(self, order, draws)
            inside_layers(rng, device)  # after the capture, which runs steps
            self.counted.epoch(order, draws, rate)
        else:
            inside_layers(rng, device)
            for number, start in enumerate(range(0, count, self.recipe.batch_size)):
                part = slice(start, start + self.recipe.batch_size)
                self.step(order[part], draws[part], slice(number, number + 1), rate)
        return self.losses.double().cpu(), int(self.correct)

    def step(self, order: Int[Tensor, " b"], draws: Draws, number: Tensor | slice, rate: float | Tensor) -> None:
        """Train on one batch and record its loss as that of step ``number``; never waits for the device."""
        targets = self.labels[order]
        images = self.images.batch(order, draws)
        with self.precision.autocast():
            logits = self.model(images).logits
        loss = F.cross_entropy(logits.float(), targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step(rate)
        with torch.no_grad():
            self.losses[number] = loss
            self.correct += (logits.argmax(1) == targets).sum()

    @property
    def state(self) -> list[Tensor]:
        """Every tensor that a step changes."""
        tensors = (*self.model.parameters(), *self.model.buffers())
        return [*tensors, *self.optimizer.buffers, self.losses, self.correct]


class _Counted:
    """An epoch as replays of two captured steps: a full batch, and the smaller last one."""

    def __init__(
        self, run: _Epochs, order: Tensor, draws: Draws, capture: Callable[[Step], Step] | None = None
    ) -> None:
        device = order.device
        self.order, self.draws = order.clone(), draws.map(torch.clone)
        self.rate = torch.zeros((), device=device)
        self.number = torch.zeros(1, dtype=torch.long, device=device)
        capture = capture or Graphs([*run.state, self.number]).capture
        batch = run.recipe.batch_size

        def step_of(size: int) -> Step:
            within = torch.arange(size, device=device)

            def step() -> None:
                part = self.number * batch + within
                run.step(self.order[part], self.draws[part], self.number, self.rate)
                self.number += 1

            return step

        sizes = [int(size) for size in run.sizes]
        captured = {size: capture(step_of(size)) for size in dict.fromkeys(sizes)}
        self.steps = [captured[size] for size in sizes]

    def epoch(self, order: Tensor, draws: Draws, rate: float) -> None:
        """Fill the buffers and run all steps."""
        self.order.copy_(order)
        self.draws.copy_(draws)
        self.rate.fill_(rate)
        self.number.zero_()
        for step in self.steps:
            step()
