"""The training and prediction loops that public active-learning code runs: a loader with workers, an item per step.

Written for comparison: images are read one at a time as PIL-like samples, augmented and normalised per sample in
four worker processes, in batches of 20; the loss is fetched from the device at every step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from altools.config.recipes import Augmentation, Recipe
from altools.data.images import Draws, Images
from altools.models import Classifier, Outputs
from altools.training.fit import History
from altools.training.supervised import COLUMNS

WORKERS = 4
BATCH = 20


class Samples(Dataset):
    """One image at a time, as a float tensor, augmented when asked for."""

    def __init__(self, images: Images, labels: Tensor | None, rows: Tensor, augmentation: Augmentation | None) -> None:
        self.pixels, self.rows, self.augmentation = images.pixels.cpu(), rows, augmentation
        self.mean, self.std = images.mean.cpu(), images.std.cpu()
        self.labels = torch.zeros(len(images), dtype=torch.long) if labels is None else labels.cpu()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> tuple[Tensor, Tensor]:
        row = self.rows[at]
        image = self.pixels[row][None]
        if self.augmentation is not None:
            image = Draws.draw(1, self.augmentation, torch.default_generator).apply(image)
        return ((image[0].float() / 255) - self.mean) / self.std, self.labels[row]


def train(
    model: Classifier,
    images: Images,
    labels: Tensor,
    rows: Tensor,
    recipe: Recipe,
    streams: Callable[[int], Generator],
    job_name: str = "",
    checkpoint: Any = None,
) -> History:
    """Train as the loop does; the signature of `altools.training.supervised.train`."""
    device = images.device
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=recipe.epochs)
    half = device.type == "cuda"
    scaler = torch.amp.GradScaler(enabled=half)
    loader = DataLoader(
        Samples(images, labels, rows, recipe.augmentation),
        batch_size=recipe.batch_size,
        shuffle=True,
        num_workers=WORKERS,
        pin_memory=half,
    )
    history = History(*COLUMNS)
    model.train()
    for epoch in range(recipe.epochs):
        started, loss_sum, right = time.perf_counter(), 0.0, 0.0
        for batch, targets in loader:
            batch, targets = batch.to(device), targets.to(device)
            optimizer.zero_grad()
            with torch.autocast(device.type, torch.float16, enabled=half):
                logits = model(batch).logits
                loss = F.cross_entropy(logits, targets)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            loss_sum += loss.item() * len(targets)
            right += (logits.argmax(1) == targets).sum().item()
        rate = schedule.get_last_lr()[0]
        schedule.step()
        count, wall_s = len(rows), time.perf_counter() - started
        history.append(
            epoch=epoch,
            loss=loss_sum / count,
            accuracy=right / count,
            learning_rate=rate,
            images_per_s=count / wall_s,
            wall_s=wall_s,
        )
    model.eval()
    return history


@torch.no_grad()
def predict(model: Classifier, images: Images) -> Outputs:
    """Ask the network about all images, 20 at a time."""
    model.eval()
    loader = DataLoader(Samples(images, None, torch.arange(len(images)), None), batch_size=BATCH, num_workers=WORKERS)
    parts = [model(batch.to(images.device)) for batch, _ in loader]
    return Outputs(torch.cat([part.logits for part in parts]), torch.cat([part.embeddings for part in parts]))
