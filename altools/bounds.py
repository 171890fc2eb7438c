"""Bounds for the values a user may set, written as ``Annotated[int, Ge(1)]``.

Plain values, so that compute modules need no validation library. `altools.config` hands the annotations to
pydantic, which asks each bound for its part of the schema.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

PrecisionName = Literal["auto", "float32", "bfloat16"]
"""How a training step computes its products (`altools.training.precision`)."""


@dataclass(frozen=True)
class _Bound:
    value: int | float

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        schema = handler(source)
        # An optional value keeps its number one level down.
        inner = schema["schema"] if schema["type"] == "nullable" else schema
        inner[type(self).__name__.lower()] = self.value
        return schema


class Ge(_Bound):
    """At least this."""


class Gt(_Bound):
    """More than this."""


class Le(_Bound):
    """At most this."""


class Lt(_Bound):
    """Less than this."""
