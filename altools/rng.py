"""Named random streams: what is drawn depends on what the numbers are for, not on what came before.

Generators live on the CPU, so the same numbers come on every device and resuming is replaying.
"""

from __future__ import annotations

from hashlib import blake2b

import torch
from torch import Generator


def stream(seed: int, purpose: str, round: int = 0) -> Generator:
    """Return a fresh CPU generator for one purpose of one round of one seed."""
    digest = blake2b(f"{seed}/{purpose}/{round}".encode(), digest_size=7).digest()
    return Generator().manual_seed(int.from_bytes(digest, "big"))


def inside_layers(rng: Generator, device: torch.device, rank: int = 0) -> None:
    """Let layers that draw random numbers of their own, such as dropout, draw what follows from a stream.

    Args:
        rng: the stream; nothing is taken from it.
        device: whose global generator is set, besides the CPU's; layers know no other.
        rank: processes that train together draw different numbers.
    """
    copy = Generator()
    copy.set_state(rng.get_state())
    seed = int(torch.randint(2**62, (), generator=copy)) + rank
    torch.default_generator.manual_seed(seed)  # torch.manual_seed formats a stack for CUDA, at every call
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
