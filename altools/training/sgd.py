r"""Stochastic gradient descent with momentum and weight decay, and its learning rate over the epochs.

.. math:: v \leftarrow \mu v + (\nabla + \lambda w), \qquad w \leftarrow w - \eta_e v, \qquad
    \eta_e = \tfrac12 \eta_0 (1 + \cos(\pi e / E)) \text{ or } \eta_0

The rule of `torch.optim.SGD` (same bytes as its fused form). Not that class itself: its first use imports
torch._dynamo and SymPy, 1.3 s in every job, more than a round on small images trains.
Reference of the schedule: Loshchilov and Hutter, 2017, "SGDR: stochastic gradient descent with warm restarts", without
restarts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor


class Sgd:
    """The momentum of some parameters, and the step that moves both."""

    def __init__(self, *groups: Iterable[Tensor], momentum: float, weight_decay: float) -> None:
        """Start with zero momentum.

        Args:
            groups: parameters that share a learning rate.
            momentum: the share of the last step that is kept.
            weight_decay: L2 penalty added to the gradient.
        """
        self.groups = [list(group) for group in groups]
        self.momenta = [[torch.zeros_like(parameter) for parameter in group] for group in self.groups]
        self.momentum, self.weight_decay = momentum, weight_decay

    @property
    def buffers(self) -> list[Tensor]:
        """The momentum of every parameter, all that a checkpoint must keep."""
        return [buffer for group in self.momenta for buffer in group]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for group in self.groups:
            for parameter in group:
                parameter.grad = None

    @torch.no_grad()
    def step(self, *rates: float | Tensor) -> None:
        """Move all parameters that have a gradient; one learning rate per group, a tensor inside a CUDA graph."""
        for group, momenta, rate in zip(self.groups, self.momenta, rates, strict=True):
            moved = [(p, p.grad, buffer) for p, buffer in zip(group, momenta, strict=True) if p.grad is not None]
            if moved:
                parameters, gradients, buffers = (list(column) for column in zip(*moved, strict=True))
                torch._fused_sgd_(
                    parameters,
                    gradients,
                    buffers if self.momentum else [],
                    weight_decay=self.weight_decay,
                    momentum=self.momentum,
                    lr=rate,
                    dampening=0.0,
                    nesterov=False,
                    maximize=False,
                    is_first_step=False,
                )


def learning_rate(schedule: Literal["cosine", "constant"], first: float, epoch: int, epochs: int) -> float:
    """Return the rate of an epoch.

    Args:
        schedule: "cosine" falls from ``first`` to zero over all epochs.
        first: rate of epoch 0.
        epoch: number of the epoch, from 0.
        epochs: number of epochs in all.

    Example:
        >>> round(learning_rate("cosine", 0.1, 5, 10), 3)
        0.05
    """
    return first if schedule == "constant" else first * 0.5 * (1 + math.cos(math.pi * epoch / epochs))
