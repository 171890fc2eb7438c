"""The recipe of a supervised training, plain values only.

Knows nothing about tensors: the config and Snakemake's parse import it without torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from altools.bounds import Ge, Gt, Le, Lt, PrecisionName


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes of a training batch, drawn per image; queries and tests never see them."""

    crop_padding: Annotated[int, Ge(0)] = 0
    """Pixels of zero padding on each side before a random crop back to the image's size."""
    crop_scale_min: Annotated[float, Gt(0), Le(1)] = 1.0
    """Least share of the area that a random resized crop keeps; for images that stay encoded (ImageNet). 1: no crop."""
    horizontal_flip: bool = False
    vertical_flip: bool = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Stochastic gradient descent as in the paper (arXiv 2312.05751): the last epoch's weights count."""

    epochs: Annotated[int, Ge(1)] = 200
    batch_size: Annotated[int, Ge(1)] = 20
    learning_rate: Annotated[float, Gt(0)] = 0.01
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    weight_decay: Annotated[float, Ge(0)] = 5e-4
    schedule: Literal["cosine", "constant"] = "cosine"
    """How the learning rate falls, a step per epoch."""
    precision: PrecisionName = "auto"
    """Of the products in a training step; auto: bfloat16 where the hardware computes in it, see `precision_for`."""
    augmentation: Augmentation = Augmentation()
