"""The recipe of a SimSiam pre-training, plain values only.

Knows nothing about tensors: the config and Snakemake's parse import it without torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from altools.bounds import Ge, Gt, Le, Lt, PrecisionName
from altools.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Views:
    """How two views of one image are made; every number is drawn per image and per view."""

    crop_scale_min: Annotated[float, Gt(0), Le(1)] = 0.2
    """Least share of the image's area that a crop keeps; 1 keeps the whole image."""
    brightness: Annotated[float, Ge(0)] = 0.4
    """A factor between 1 - x and 1 + x; likewise contrast and saturation."""
    contrast: Annotated[float, Ge(0)] = 0.4
    saturation: Annotated[float, Ge(0)] = 0.4
    """Colour images only, as hue and grey."""
    hue: Annotated[float, Ge(0), Le(0.5)] = 0.1
    """Largest turn of the hue, in turns."""
    jitter_probability: Annotated[float, Ge(0), Le(1)] = 0.8
    """That brightness, contrast, saturation and hue change at all."""
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
    """SimSiam as in the paper (arXiv 2312.05751): the last epoch's weights count."""

    epochs: Annotated[int, Ge(1)] = 800
    batch_size: Annotated[int, Ge(2)] = 512
    """A last batch that is smaller is dropped."""
    learning_rate: Annotated[float, Gt(0)] = 0.05
    """For 256 images; the rate is this times batch_size / 256."""
    momentum: Annotated[float, Ge(0), Lt(1)] = 0.9
    weight_decay: Annotated[float, Ge(0)] = 1e-4
    schedule: Literal["cosine", "constant"] = "cosine"
    """How the learning rate falls, a step per epoch; the paper's public code keeps it constant by mistake."""
    constant_predictor_rate: bool = True
    """The predictor keeps the first rate, as Chen and He recommend."""
    width: Annotated[int, Ge(2)] = 2048
    """Of projection and prediction."""
    predictor_width: Annotated[int, Ge(1)] = 512
    """Of the predictor's bottleneck."""
    monitor_epochs: Annotated[int, Ge(1)] = 10
    """Measure the nearest-neighbour accuracy every so many epochs, and after the last."""
    neighbours: Annotated[int, Ge(1)] = 200
    """How many neighbours vote; at most as many as there are."""
    precision: PrecisionName = "auto"
    """Of the products in a training step, as in the supervised recipe."""
    views: Views = Views()
