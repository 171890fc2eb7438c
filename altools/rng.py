"""Named random streams: what is drawn depends on what the numbers are for, not on what came before.

Generators live on the CPU, so the same numbers come on every device and resuming is replaying.
"""

from __future__ import annotations

from hashlib import blake2b

from torch import Generator


def stream(seed: int, purpose: str, round: int = 0) -> Generator:
    """Return a fresh CPU generator for one purpose of one round of one seed."""
    digest = blake2b(f"{seed}/{purpose}/{round}".encode(), digest_size=7).digest()
    return Generator().manual_seed(int.from_bytes(digest, "big"))
