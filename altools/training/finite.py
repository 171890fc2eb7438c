"""A training that diverges stops with its epoch, step and learning rate, and is never saved."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from altools.errors import UserError


def refuse_infinite(
    losses: Float[Tensor, " steps"], epoch: int, rate: float, where: str, of: tuple[str, str] = ("training", "recipe")
) -> None:
    """Stop a training whose loss is no longer a number, and say when it went wrong.

    Args:
        losses: of the steps of an epoch, on the CPU.
        epoch: which one.
        rate: its learning rate.
        where: the job in words.
        of: whose loss it is, and where in the config its learning rate stands.

    Raises:
        UserError: names the epoch, the step and the learning rate.
    """
    broken = (~losses.isfinite()).nonzero()
    if len(broken):
        step = int(broken[0])
        raise UserError(
            f"the {of[0]} loss must stay finite. Got {float(losses[step])} in epoch {epoch}, step {step} of "
            f"{len(losses)}, at learning rate {rate:g} ({where}); lower {of[1]}.learning_rate."
        )


def refuse_infinite_weights(model: nn.Module, where: str, of: str = "recipe") -> None:
    """Stop a training that its very last step has spoiled, which no loss has seen.

    Raises:
        UserError: a weight is no longer a number.
    """
    if not finite(model):
        raise UserError(
            f"the weights must stay finite. The last step spoiled them ({where}); lower {of}.learning_rate."
        )


@torch.no_grad()
def finite(model: nn.Module) -> bool:
    """Return whether all weights are numbers."""
    return bool(torch.stack([weight.isfinite().all() for weight in model.parameters()]).all())
