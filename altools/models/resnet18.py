"""ResNet-18 with the ImageNet stem (7x7 stride 2, max-pool) or the CIFAR stem (3x3, no pooling).

Reference: He et al., 2016, "Deep residual learning for image recognition", table 1. The paper's code uses the CIFAR
stem for 32x32 images and torchvision's network, fed with three equal channels for grey images, for all others.
Differs: no dead 512->1000 layer; the CIFAR model pools globally, so any image size goes.
"""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from altools.models import Classifier

WIDTHS = (64, 128, 256, 512)


def build(
    channels: int, classes: int, *, stem: Literal["imagenet", "cifar"] = "imagenet", repeat_grey: bool = True
) -> Classifier:
    """Build it; with ``repeat_grey`` grey images enter as three equal channels, as in the paper."""
    entering = 3 if channels == 1 and repeat_grey else channels
    backbone = nn.Sequential(*_stem(entering, stem), *_stages(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return Classifier(backbone, WIDTHS[-1], classes, entering)


def _stem(channels: int, kind: str) -> list[nn.Module]:
    if kind == "cifar":
        return [nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    return [
        nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]


def _stages() -> list[nn.Module]:
    blocks: list[nn.Module] = []
    entering = WIDTHS[0]
    for width in WIDTHS:
        blocks += [Block(entering, width, stride=1 if width == WIDTHS[0] else 2), Block(width, width)]
        entering = width
    return blocks


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut, projected where the shape changes."""

    def __init__(self, entering: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(entering, width, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)
        self.shortcut = nn.Sequential()
        if stride != 1 or entering != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(entering, width, 1, stride=stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(f(x) + shortcut(x))."""
        y = F.relu(self.first_norm(self.first(x)), inplace=True)
        return F.relu(self.second_norm(self.second(y)) + self.shortcut(x), inplace=True)
