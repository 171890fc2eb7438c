"""Build typed values from the plain ones that a workflow hands to a job: dicts, lists and scalars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, get_type_hints


def from_plain(kind: Any, value: Any) -> Any:
    """Return ``value`` as an instance of ``kind`` where that is a dataclass, else as it is.

    Fields that are dataclasses are built from their mappings likewise. An empty list stands for an optional file that
    is absent, and becomes None where the field may be None.

    Args:
        kind: a type hint.
        value: plain value, a mapping of field names where ``kind`` is a dataclass.

    Example:
        >>> from altools.config.recipes import Recipe
        >>> from_plain(Recipe, {"epochs": 3, "augmentation": {"crop_padding": 2}}).augmentation.crop_padding
        2
    """
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(value, Mapping):
        hints = _hints(kind)
        return kind(**{name: from_plain(hints[name], entry) for name, entry in value.items()})
    if value == [] and type(None) in getattr(kind, "__args__", ()):
        return None
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {entry.name: hints[entry.name] for entry in fields(kind)}
