"""Choose the number format and memory layout of a training by what the device does fast.

Weights, momentum, loss and statistics stay float32; autocast changes only products inside the network. bf16 has the
exponent range of float32, so losses need no scaling. Prediction stays float32, because queries compare probabilities.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import nn

from altools.config.recipes import PrecisionName
from altools.errors import UserError
from altools.runtime.hardware import cpu_has

LARGE = 1_000_000
"""Parameters from which a network gains from bf16 on a CPU; in smaller ones the casts cost more than they save."""


@dataclass(frozen=True)
class Precision:
    """Number format and memory layout of one training."""

    device: torch.device
    half: bool
    """bf16 products and channels-last memory, or all float32."""

    @property
    def name(self) -> PrecisionName:
        """Name in the config and in provenance."""
        return "bfloat16" if self.half else "float32"

    def to_memory_format(self, model: nn.Module) -> None:
        """Convert the weights to channels-last where products are bf16."""
        if self.half:
            model.to(memory_format=torch.channels_last)

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context of a forward pass."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)


def precision_for(model: nn.Module, device: torch.device, wanted: PrecisionName, *, quiet: bool = False) -> Precision:
    """Choose for a network on a device.

    Args:
        model: the network; its number of parameters decides on a CPU.
        device: where it is trained.
        wanted: "auto" takes bf16 where the hardware computes in it (and, on a CPU, the network is large); a GPU
            without bf16 trains in float32 and says so.
        quiet: say nothing; another process does.

    Raises:
        UserError: bfloat16 is wanted of a GPU that does not compute in it.
    """
    if device.type == "cuda" and wanted != "float32" and not torch.cuda.is_bf16_supported(including_emulation=False):
        name = torch.cuda.get_device_name(device)
        if wanted == "bfloat16":
            raise UserError(
                f"precision must be auto or float32 here: it is 'bfloat16', in which {name} cannot compute."
            )
        if not quiet:
            print(f"{name} does not compute in bf16: training in float32, which is slower.", file=sys.stderr)
        return Precision(device, half=False)
    if wanted != "auto" or device.type == "cuda":
        return Precision(device, half=wanted != "float32")
    large = sum(parameter.numel() for parameter in model.parameters()) >= LARGE
    return Precision(device, device.type == "cpu" and large and cpu_has("avx512_bf16"))
