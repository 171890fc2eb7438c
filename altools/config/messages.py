"""What is wrong with a value of the config, in one sentence: where it stands, what must hold, what came.

Knows nothing about the config's keys; it words the entries of a pydantic ``ValidationError``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any


def sentence(entry: Mapping[str, Any], known: Iterable[str], prefix: str = "") -> str:
    """Word one entry of ``ValidationError.errors()``.

    Args:
        entry: the entry.
        known: the keys that are allowed where this one stands.
        prefix: of its path.
    """
    path = prefix + _path(entry["loc"])
    kind, value = entry["type"], entry["input"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{path} is not a key here{suggest(str(entry['loc'][-1]), known)}."
    if kind == "missing":
        return f"{path} is missing; add it."
    message = re.sub(r"^(Value error|Assertion failed), ", "", entry["msg"])
    message = message.replace("Input should be", "must be").replace("String should", "must").rstrip(".")
    if kind == "value_error":
        return f"{path}: {message}." if path else f"{message}."
    return f"{path} {message}. Got {value!r}."


def suggest(name: str, known: Iterable[str]) -> str:
    """Continue a sentence about an unknown name with the nearest known one and all of them."""
    listed = sorted(known)
    near = difflib.get_close_matches(name, listed, n=1)
    return (f"; did you mean {near[0]!r}?" if near else ".") + f" Known: {', '.join(listed)}"


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
