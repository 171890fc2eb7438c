"""A small convolutional network for tiny images: two 3x3 stages with BatchNorm and a hidden layer of ``width``."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge
from torch import nn

from altools.models import Classifier


def build(
    channels: int,
    classes: int,
    *,
    filters: Annotated[int, Ge(1)] = 16,
    width: Annotated[int, Ge(1)] = 64,
) -> Classifier:
    """Build it; images of any size are pooled to 2x2 before the hidden layer."""
    backbone = nn.Sequential(
        nn.Conv2d(channels, filters, 3, padding=1, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(filters, 2 * filters, 3, padding=1, bias=False),
        nn.BatchNorm2d(2 * filters),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * filters, width),
        nn.ReLU(inplace=True),
    )
    return Classifier(backbone, width, classes, channels)
