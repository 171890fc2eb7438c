"""Distance of each candidate from the decision boundary, by the basic iterative method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from annotated_types import Ge, Gt, Le
from jaxtyping import Float
from torch import Tensor

from altools.kernels.adversarial import bim
from altools.signals import Asked
from altools.training.predict import attack


def compute(
    asked: Asked, *, bim_step: Annotated[float, Gt(0), Le(1)] = 0.01, bim_max_steps: Annotated[int, Ge(1)] = 100
) -> Float[Tensor, " u"]:
    """Return the squared L2 length of the smallest perturbation found, of pixels in 0..1; +inf where none is."""

    def distances(logits: Callable[[Tensor], Tensor], pixels: Tensor) -> Tensor:
        return bim(logits, pixels, step=bim_step, max_steps=bim_max_steps)

    return attack(asked.model, asked.images, asked.pool, distances)
