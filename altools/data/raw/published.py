"""What a raw copy of a published dataset must satisfy: it is there, its counts are the published ones.

Knows nothing about any one dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

from altools.errors import UserError

PART = "set complete: false to use a part of the dataset"


def located(path: str, *, what: str, obtain: str) -> Path:
    """Return a path that must exist.

    Args:
        path: what the config says.
        what: what should be there, in words.
        obtain: where to get it.
    """
    found = Path(path).expanduser()
    if not found.exists():
        raise UserError(f"options.path must be {what}. {found} does not exist; get it: {obtain}.")
    return found


def check_counts(found: Mapping[str, int], published: Mapping[str, int], where: str) -> None:
    """Require the published number of images of each class."""
    wrong = [
        f"{name} {found.get(name, 0)} instead of {published.get(name, 0)}"
        for name in [*published, *(extra for extra in found if extra not in published)]
        if found.get(name, 0) != published.get(name, 0)
    ]
    if wrong:
        raise UserError(
            f"{where} must hold the published number of images of each class. Got {', '.join(wrong)}; "
            f"get the files again, or {PART}."
        )


def shares(counts: Mapping[str, int], total: int) -> dict[str, int]:
    """Divide ``total`` among classes in proportion to their counts, by largest remainder."""
    everything = sum(counts.values())
    exact = {name: count * total / everything for name, count in counts.items()}
    parts = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (parts[name] - exact[name], name))
    for name in by_remainder[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


def shuffled(names: Sequence[str], seed: int) -> list[str]:
    """Return the names in a random order that depends on names and seed alone, not on any library's generator."""
    return sorted(names, key=lambda name: blake2b(f"{seed}/{name}".encode(), digest_size=8).digest())
