"""How models are built, trained and pre-trained, as plain values with bounds and defaults.

Imports no torch, because the config and Snakemake's parse read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt

from altools.errors import UserError

PrecisionName = Literal["auto", "float32", "bfloat16"]
"""Number format of the products in a training step (`altools.training.precision`)."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """A network by name, and how images are normalised for it."""

    name: str
    """Module of `altools.models`, or a dotted path."""
    options: Mapping[str, Any] = field(default_factory=dict)
    mean: Sequence[float] | None = None
    """Per channel, of pixels in 0..1; the dataset's own where None."""
    std: Sequence[float] | None = None


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes of a training batch, drawn per image; queries and tests see unchanged images."""

    crop_padding: Annotated[int, Ge(0)] = 0
    """Pixels of zero padding on each side before a random crop back to the image's size."""
    crop_scale_min: Annotated[float, Gt(0), Le(1)] = 1.0
    """Smallest share of the area that a random resized crop keeps; for images that stay encoded (ImageNet). 1: no
    crop."""
    horizontal_flip: bool = False
    vertical_flip: bool = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Supervised training by stochastic gradient descent, as in arXiv 2312.05751: the last epoch's weights count."""

    epochs: Annotated[int, Ge(1)] = 200
    batch_size: Annotated[int, Ge(1)] = 20
    learning_rate: Annotated[float, Gt(0)] = 0.01
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    weight_decay: Annotated[float, Ge(0)] = 5e-4
    schedule: Literal["cosine", "constant"] = "cosine"
    """Learning rate over the epochs: half a cosine down to zero, or constant."""
    precision: PrecisionName = "auto"
    """Number format of the products in a training step; auto: bfloat16 where the hardware computes in it."""
    augmentation: Augmentation = Augmentation()


@dataclass(frozen=True, kw_only=True)
class Views:
    """How two random views of one image are made; every number is drawn per image and per view."""

    crop_scale_min: Annotated[float, Gt(0), Le(1)] = 0.2
    """Smallest share of the image's area that a crop keeps; 1 keeps the whole image."""
    brightness: Annotated[float, Ge(0)] = 0.4
    """Half-width x of a factor between 1 - x and 1 + x; the same holds for contrast and saturation."""
    contrast: Annotated[float, Ge(0)] = 0.4
    saturation: Annotated[float, Ge(0)] = 0.4
    """Colour images only, as hue and grey."""
    hue: Annotated[float, Ge(0), Le(0.5)] = 0.1
    """Largest rotation of the hue, in turns."""
    jitter_probability: Annotated[float, Ge(0), Le(1)] = 0.8
    """Probability that brightness, contrast, saturation and hue change."""
    grey_probability: Annotated[float, Ge(0), Le(1)] = 0.2
    blur_probability: Annotated[float, Ge(0), Le(1)] = 0.5
    blur_sigma_min: Annotated[float, Gt(0)] = 0.1
    """Pixels."""
    blur_sigma_max: Annotated[float, Gt(0)] = 2.0
    horizontal_flip: bool = True

    def __post_init__(self) -> None:
        if self.blur_sigma_min > self.blur_sigma_max:
            raise UserError(
                f"views.blur_sigma_min must be at most blur_sigma_max = {self.blur_sigma_max}. "
                f"Got {self.blur_sigma_min}; swap them."
            )


@dataclass(frozen=True, kw_only=True)
class PretrainRecipe:
    """SimSiam pre-training, as in arXiv 2312.05751: the last epoch's weights count."""

    epochs: Annotated[int, Ge(1)] = 800
    batch_size: Annotated[int, Ge(2)] = 512
    """An incomplete last batch is dropped."""
    learning_rate: Annotated[float, Gt(0)] = 0.05
    """For a batch of 256 images; the rate used is this times batch_size / 256."""
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    weight_decay: Annotated[float, Ge(0)] = 1e-4
    schedule: Literal["cosine", "constant"] = "cosine"
    """Learning rate over the epochs; the paper's public code keeps it constant by mistake."""
    constant_predictor_rate: bool = True
    """Keep the predictor at the first rate, as Chen and He recommend."""
    width: Annotated[int, Ge(2)] = 2048
    """Dimension of projection and prediction."""
    predictor_width: Annotated[int, Ge(1)] = 512
    """Dimension of the predictor's bottleneck."""
    monitor_epochs: Annotated[int, Ge(1)] = 10
    """Measure the k-nearest-neighbour accuracy every so many epochs, and after the last."""
    neighbours: Annotated[int, Ge(1)] = 200
    """Number of neighbours that vote, at most as many as there are."""
    precision: PrecisionName = "auto"
    """Number format of the products in a training step, as in the supervised recipe."""
    views: Views = Views()
