"""Bounds for the options of plug-in modules, written as ``Annotated[int, Ge(1)]``.

Plain values, so that compute modules need no validation library; `altools.plugins` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ge:
    """At least this."""

    value: float


@dataclass(frozen=True)
class Gt:
    """More than this."""

    value: float


@dataclass(frozen=True)
class Le:
    """At most this."""

    value: float


@dataclass(frozen=True)
class Lt:
    """Less than this."""

    value: float
