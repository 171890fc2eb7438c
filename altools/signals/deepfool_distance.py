"""Distance of each candidate from the decision boundary, by DeepFool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from annotated_types import Ge
from jaxtyping import Float
from torch import Tensor

from altools.kernels.adversarial import deepfool
from altools.signals import Asked
from altools.training.predict import attack


def compute(
    asked: Asked,
    *,
    deepfool_max_steps: Annotated[int, Ge(1)] = 50,
    deepfool_overshoot: Annotated[float, Ge(0)] = 0.02,
) -> Float[Tensor, " u"]:
    """Return the squared L2 length of the perturbation found, of pixels in 0..1; +inf where none is."""

    def distances(logits: Callable[[Tensor], Tensor], pixels: Tensor) -> Tensor:
        return deepfool(logits, pixels, max_steps=deepfool_max_steps, overshoot=deepfool_overshoot)

    return attack(asked.model, asked.images, asked.pool, distances)
