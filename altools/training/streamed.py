"""Supervised training over images that stay encoded, on one device or on several with data parallelism.

Every rank draws the same order and takes every size-th image of each global batch, so an epoch sees each image once
whatever the number of ranks, and the mean loss of the global batch is what all of them descend. Only BatchNorm knows
the difference: it normalises with the statistics of a rank's share, and rank 0's running statistics are kept.

Reference: Li et al., 2020, "PyTorch distributed: experiences on accelerating data parallel training".
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Generator, Tensor

from altools.encoded import Crops, EncodedImages
from altools.models import Classifier
from altools.progress import progress
from altools.rng import inside_layers
from altools.training.checkpoint import Checkpoint
from altools.training.finite import refuse_infinite, refuse_infinite_weights
from altools.training.precision import precision_for
from altools.training.ranks import Ranks
from altools.training.recipe import Recipe
from altools.training.sgd import Sgd
from altools.training.supervised import History, learning_rate


def train(
    model: Classifier,
    images: EncodedImages,
    labels: Int[Tensor, " n"],
    rows: Int[Tensor, " l"],
    recipe: Recipe,
    streams: Callable[[int], Generator],
    ranks: Ranks,
    where: str = "training",
    checkpoint: Checkpoint | None = None,
) -> History:
    """Train ``model`` in place on the labelled rows; ``recipe.batch_size`` is that of all ranks together.

    Args:
        model: on the images' device, the same weights on every rank.
        images: the training set.
        labels: classes of the training set, on the CPU.
        rows: which images are labelled, on the CPU.
        recipe: the recipe.
        streams: the CPU stream of an epoch.
        ranks: this process among those that train together.
        where: the job in words, for messages.
        checkpoint: where a killed job goes on from; rank 0 writes it.

    Raises:
        UserError: the loss is no longer finite, or a file cannot be decoded.
    """
    device = images.device
    precision = precision_for(model, device, recipe.precision)
    precision.lay_out(model)
    optimizer = Sgd(model.parameters(), momentum=recipe.momentum, weight_decay=recipe.weight_decay)
    history = History()
    done = checkpoint.restore(model, optimizer, history) if checkpoint else 0
    network: torch.nn.Module = model
    if ranks.size > 1:
        network = torch.nn.parallel.DistributedDataParallel(model)
    model.train()
    for epoch in progress(range(done, recipe.epochs), recipe.epochs - done, "epoch", "train"):
        started = time.perf_counter()
        rate, rng = learning_rate(recipe, epoch), streams(epoch)
        order = torch.randperm(len(rows), generator=rng)
        augmentation = recipe.augmentation
        crops = Crops.draw(len(rows), augmentation.crop_scale_min, augmentation.horizontal_flip, rng)
        batches = order.split(recipe.batch_size)
        shares = [ranks.share(batch) for batch in batches]
        drawn = [crops[at] for at, _ in shares]
        # Of every step the summed loss, and after them how many images were right.
        found = torch.zeros(len(batches) + 1, device=device)
        pixels = images.batches([rows[at] for at, _ in shares], drawn)
        inside_layers(rng, device, ranks.rank)
        for step, (batch, (at, weight), seen) in enumerate(zip(batches, shares, pixels, strict=True)):
            targets = labels[rows[at]].to(device, non_blocking=True)
            weights = weight.to(device, non_blocking=True)
            with precision.autocast():
                logits = network(seen).logits
            loss = (F.cross_entropy(logits.float(), targets, reduction="none") * weights).sum()
            optimizer.zero_grad()
            (loss * (ranks.size / len(batch))).backward()  # DistributedDataParallel takes the ranks' mean
            optimizer.step(rate)
            with torch.no_grad():
                found[step] = loss
                found[-1] += ((logits.argmax(1) == targets) * weights).sum()
        losses, right = ranks.total(found).double().cpu().split([len(batches), 1])
        refuse_infinite(losses, epoch, rate, where)
        wall_s = time.perf_counter() - started
        history.append(epoch, float(losses.sum()) / len(rows), float(right) / len(rows), rate, len(rows), wall_s)
        if checkpoint and ranks.rank == 0:
            checkpoint.after_epoch(epoch + 1, model, optimizer, history)
    ranks.agree(model.buffers())  # DistributedDataParallel shares them before a step, not after the last one
    refuse_infinite_weights(model, where)
    model.eval()
    return history
