"""In which number format and memory layout a network is trained, by what the device does fast.

Weights, momentum, loss and statistics stay float32; only products inside the network change, by autocast. bf16 has the
exponent range of float32, so nothing is scaled. Prediction stays float32: queries compare probabilities.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import nn

from altools.bounds import PrecisionName
from altools.errors import UserError
from altools.hardware import cpu_has

LARGE = 1_000_000
"""Parameters of a network that gains from bf16 on a CPU; in a smaller one the casts cost more than they save."""


@dataclass(frozen=True)
class Precision:
    """How one training computes."""

    device: torch.device
    half: bool
    """bf16 products and channels-last memory, or all float32."""

    @property
    def name(self) -> PrecisionName:
        """As in the config and in provenance."""
        return "bfloat16" if self.half else "float32"

    def lay_out(self, model: nn.Module) -> None:
        """Put the weights into the memory layout that the products want."""
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
