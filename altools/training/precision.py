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


def precision_for(model: nn.Module, device: torch.device, wanted: PrecisionName) -> Precision:
    """Choose for a network on a device.

    Args:
        model: the network; its number of parameters decides on a CPU.
        device: where it is trained.
        wanted: "auto" takes bf16 where the hardware computes in it (and, on a CPU, the network is large); a GPU
            without bf16 trains in float32 and says so.
    """
    if wanted != "auto":
        return Precision(device, wanted == "bfloat16")
    if device.type == "cuda":
        able = torch.cuda.is_bf16_supported(including_emulation=False)
        if not able:
            name = torch.cuda.get_device_name(device)
            print(f"{name} does not compute in bf16: training in float32, which is slower.", file=sys.stderr)
        return Precision(device, able)
    large = sum(parameter.numel() for parameter in model.parameters()) >= LARGE
    return Precision(device, device.type == "cpu" and large and cpu_has("avx512_bf16"))
