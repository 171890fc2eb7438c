"""Supervised training over images that stay encoded, on one device or on several with data parallelism.

Every rank draws the same order and takes every size-th image of each global batch. So an epoch sees each image once
whatever the number of ranks, and all ranks descend the mean loss of the global batch. Only BatchNorm depends on their
number: it normalises with the statistics of a rank's share, and rank 0's running statistics are kept.

Reference: Li et al., 2020, "PyTorch distributed: experiences on accelerating data parallel training".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from altools.config.recipes import Recipe
from altools.data.encoded import Crops, EncodedImages
from altools.data.prepared import Split
from altools.models import Classifier
from altools.rng import inside_layers
from altools.training.fit import SUPERVISED, Checkpoint, Epoch, History, fit
from altools.training.precision import Precision, precision_for
from altools.training.ranks import Ranks
from altools.training.sgd import Sgd, learning_rate
from altools.training.supervised import COLUMNS


def train(
    model: Classifier,
    data: Split,
    rows: Int[Tensor, " l"],
    recipe: Recipe,
    streams: Callable[[int], Generator],
    ranks: Ranks,
    job_name: str = "training",
    checkpoint: Checkpoint | None = None,
) -> History:
    """Train ``model`` in place on the labelled rows; ``recipe.batch_size`` is that of all ranks together.

    Args:
        model: on the images' device, the same weights on every rank.
        data: the training set, whose images stay encoded.
        rows: which images are labelled, on the CPU.
        recipe: how to train.
        streams: the CPU stream of an epoch.
        ranks: this process among those that train together.
        job_name: the job in words, for messages.
        checkpoint: where a killed training continues from.

    Raises:
        UserError: the loss is no longer finite, or a file cannot be decoded.
    """
    images, labels = data.images, data.labels.cpu()
    assert isinstance(images, EncodedImages)
    precision = precision_for(model, images.device, recipe.precision)
    precision.to_memory_format(model)
    optimizer = Sgd(model.parameters(), momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    network: nn.Module = nn.parallel.DistributedDataParallel(model) if ranks.size > 1 else model
    steps = _Epochs(network, images, labels, rows, recipe, ranks, optimizer, precision)

    def run_epoch(epoch: int) -> Epoch:
        rate = learning_rate(recipe.schedule, recipe.learning_rate, epoch, recipe.epochs)
        losses, correct = steps.epoch(streams(epoch), rate)
        row = {"loss": float(losses.sum()) / len(rows), "accuracy": correct / len(rows), "learning_rate": rate}
        return Epoch(losses, len(rows), row)

    history = fit(
        model,
        optimizer,
        run_epoch,
        History(*COLUMNS),
        epochs=recipe.epochs,
        kind=replace(SUPERVISED, job_name=job_name),
        checkpoint=checkpoint,
    )
    ranks.broadcast_(model.buffers())  # DistributedDataParallel shares them before a step, not after the last one
    return history


@dataclass(frozen=True)
class _Epochs:
    """What the epochs of a training share."""

    network: nn.Module
    images: EncodedImages
    labels: Int[Tensor, " n"]
    rows: Int[Tensor, " l"]
    recipe: Recipe
    ranks: Ranks
    optimizer: Sgd
    precision: Precision

    def epoch(self, rng: Generator, rate: float) -> tuple[Float[Tensor, " steps"], float]:
        """Run one epoch; return the summed loss of every global batch (float64, CPU) and the number of correct ones."""
        device, recipe = self.images.device, self.recipe
        order = torch.randperm(len(self.rows), generator=rng)
        augmentation = recipe.augmentation
        crops = Crops.draw(len(order), augmentation.crop_scale_min, augmentation.horizontal_flip, rng)
        batches = order.split(recipe.batch_size)
        shares = [self.ranks.share(batch) for batch in batches]
        pixels = self.images.batches([self.rows[at] for at, _ in shares], [crops[at] for at, _ in shares])
        sums = torch.zeros(len(batches) + 1, device=device)  # the loss of each step, then the number correct
        inside_layers(rng, device, self.ranks.rank)
        for step, (batch, (at, weight), seen) in enumerate(zip(batches, shares, pixels, strict=True)):
            targets = self.labels[self.rows[at]].to(device, non_blocking=True)
            weights = weight.to(device, non_blocking=True)
            loss, correct = self.step(seen, targets, weights, len(batch), rate)
            sums[step] = loss
            sums[-1] += correct
        losses, correct = self.ranks.total(sums).double().cpu().split([len(batches), 1])
        return losses, float(correct)

    def step(
        self, images: Tensor, targets: Tensor, weights: Tensor, batch_size: int, rate: float
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Train on this rank's share of a batch; return its summed loss and the weight of its correct images."""
        with self.precision.autocast():
            logits = self.network(images).logits
        loss = (F.cross_entropy(logits.float(), targets, reduction="none") * weights).sum()
        self.optimizer.zero_grad()
        (loss * (self.ranks.size / batch_size)).backward()  # DistributedDataParallel takes the ranks' mean
        self.optimizer.step(rate)
        return loss.detach(), ((logits.argmax(1) == targets) * weights).sum()
