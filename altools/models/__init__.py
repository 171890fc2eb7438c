"""The networks: one module each with ``build(channels, classes, *, options)``; all answer `Outputs`.

Knows nothing about data or training.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from altools.config import plugins
from altools.config.recipes import ModelSpec

M = TypeVar("M", bound=nn.Module)


class Outputs(NamedTuple):
    """Outputs of a network for b images."""

    logits: Float[Tensor, "b c"]
    embeddings: Float[Tensor, "b d"]
    """The input of the last linear layer."""


class Classifier(nn.Module):
    """A backbone that embeds images, and one linear layer, ``head``, on top."""

    def __init__(self, backbone: nn.Module, width: int, classes: int, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.backbone = backbone
        self.head = nn.Linear(width, classes)

    def embed(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d"]:
        """Return embeddings; grey images are repeated to the channels of the network."""
        if images.shape[1] != self.channels:
            images = images.expand(-1, self.channels, -1, -1)
        return self.backbone(images)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Outputs:
        """Return logits and embeddings."""
        embeddings = self.embed(images)
        return Outputs(self.head(embeddings), embeddings)


def build(spec: ModelSpec, channels: int, classes: int, rng: Generator) -> Classifier:
    """Build a network by name, with weights drawn from ``rng``.

    Args:
        spec: module here or dotted path of another, and its options.
        channels: channels of the images.
        classes: number of classes, c.
        rng: CPU stream of the initial weights.
    """
    module = importlib.import_module(plugins.describe(spec.name, __name__, "build").module)
    # Layers draw from the global generator when they are made; the meta device would avoid it, but its import costs
    # 0.3 s in every job.
    with torch.random.fork_rng(devices=[]):
        torch.random.set_rng_state(rng.get_state())  # for layers that `initialise` does not know; rng stays where it is
        model: Classifier = module.build(channels, classes, **spec.options)
    return initialise(model, rng)


def restore(
    spec: ModelSpec, channels: int, classes: int, weights: Mapping[str, Tensor], device: torch.device
) -> Classifier:
    """Build a network with given weights, on a device and in evaluation mode."""
    model = build(spec, channels, classes, Generator())
    model.load_state_dict(weights)
    return model.to(device).eval()


def initialise(model: M, rng: Generator) -> M:
    """Draw all weights as PyTorch's layers do by default, but from ``rng``.

    The paper's code resets every layer to these defaults, so its convolutions start from a uniform law with
    bound 1/sqrt(fan_in), not from torchvision's Kaiming normal.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = 1 / math.sqrt(layer.weight[0].numel())
            nn.init.uniform_(layer.weight, -bound, bound, generator=rng)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -bound, bound, generator=rng)
        elif isinstance(layer, nn.BatchNorm2d | nn.BatchNorm1d):
            layer.reset_running_stats()
            if layer.affine:
                nn.init.ones_(layer.weight)
                nn.init.zeros_(layer.bias)
    return model
