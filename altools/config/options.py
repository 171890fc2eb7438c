"""Check the options that a config gives to a plug-in against the plug-in's own signature.

No plug-in is imported: annotations are read as text and built from a closed list of names, so reading one runs nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import reduce
from typing import Annotated, Any, Literal

import annotated_types
from pydantic import ConfigDict, ValidationError, create_model

from altools.config import plugins
from altools.config.messages import sentence, suggest
from altools.errors import UserError

SIMPLE: dict[str, Any] = {"Any": Any, "bool": bool, "float": float, "int": int, "str": str, "None": None}
CONTAINERS: dict[str, Any] = {"list": list, "tuple": tuple, "dict": dict}
BOUNDS = {name: getattr(annotated_types, name) for name in ("Ge", "Gt", "Le", "Lt", "MinLen", "MaxLen")}


def checked_options(plugin: plugins.Plugin, given: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Complete and check the options of a plug-in against its signature.

    Args:
        plugin: description of the plug-in.
        given: options from the config.
        path: place of the options in the config, for messages.

    Raises:
        UserError: an option is unknown, missing or has a wrong value.
    """
    fields: dict[str, Any] = {
        name: (
            annotation_type(option.annotation, f"{name} of {plugin.module}"),
            ... if option.default is plugins.REQUIRED else option.default,
        )
        for name, option in plugin.options.items()
    }
    model = create_model("Options", __config__=ConfigDict(extra="forbid", allow_inf_nan=False), **fields)
    try:
        return model.model_validate(dict(given)).model_dump()
    except ValidationError as error:
        sentences = [sentence(entry, list(plugin.options), prefix=f"{path}.") for entry in error.errors()]
        raise UserError("; ".join(sentences)) from None


def annotation_type(text: str, owner: str) -> Any:
    """Return the type that an annotation names.

    Args:
        text: source of the annotation: a plain type, ``X | None``, ``list[X]``, ``Literal[...]`` or
            ``Annotated[X, Ge(0), ...]``.
        owner: the option and its module, for messages.

    Raises:
        UserError: the annotation uses anything else.

    Example:
        >>> annotation_type("Annotated[int, Ge(1)] | None", "an option") == Annotated[int, annotated_types.Ge(1)] | None
        True
    """
    try:
        return _type(ast.parse(text, mode="eval").body)
    except (ValueError, TypeError, SyntaxError):
        raise UserError(
            f"the annotation of {owner} must be made of {', '.join([*SIMPLE, *CONTAINERS])}, X | Y, Literal[...] and "
            f"Annotated[X, {', '.join(f'{name}(...)' for name in BOUNDS)}], because it is read without running the "
            f"module. Got {text}; rewrite it."
        ) from None


def _type(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Name(id=name):
            return _known(name, {**SIMPLE, **CONTAINERS})
        case ast.Attribute(attr=name):  # typing.Literal, annotated_types.Ge
            return _known(name, {**SIMPLE, **CONTAINERS})
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _type(left) | _type(right)
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inside):
            return _subscripted(name, inside.elts if isinstance(inside, ast.Tuple) else [inside])
    raise ValueError(ast.unparse(node))


def _subscripted(name: str, arguments: list[ast.expr]) -> Any:
    if name == "Literal":
        return Literal[tuple(ast.literal_eval(argument) for argument in arguments)]
    if name == "Optional":
        return _type(arguments[0]) | None
    if name == "Union":
        return reduce(lambda one, other: one | other, map(_type, arguments))
    if name == "Annotated":
        return Annotated[(_type(arguments[0]), *map(_bound, arguments[1:]))]
    return _known(name, CONTAINERS)[tuple(map(_type, arguments))]


def _bound(node: ast.expr) -> Any:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[value], keywords=[]):
            return _known(name, BOUNDS)(ast.literal_eval(value))
    raise ValueError(ast.unparse(node))


def _known(name: str, table: Mapping[str, Any]) -> Any:
    if name not in table:
        raise ValueError(name)
    return table[name]


def needs_of(plugin: plugins.Plugin) -> frozenset[str]:
    """Return the signals that a strategy reads.

    Raises:
        UserError: ``NEEDS`` is absent, or names an unknown signal.
    """
    needs = plugin.constants.get("NEEDS")
    if not isinstance(needs, frozenset) or not all(isinstance(name, str) for name in needs):
        raise UserError(f"{plugin.module} must define NEEDS = frozenset({{...}}), the names of the signals it reads.")
    known = plugins.names("altools.signals")
    unknown = sorted(needs - set(known))
    if unknown:
        raise UserError(f"NEEDS of {plugin.module} holds {unknown[0]!r}, no signal{suggest(unknown[0], known)}.")
    return needs


def signal_options(needs: frozenset[str], defaults: Mapping[str, Any]) -> dict[str, plugins.Option]:
    """Return the options of the signals that a strategy reads, by name.

    Args:
        needs: names of the signals.
        defaults: the strategy's own defaults (its constant ``OPTIONS``), which replace those of the signals.
    """
    options: dict[str, plugins.Option] = {}
    for name in sorted(needs):  # sets have no order, and Snakemake compares params as text
        for option in plugins.describe(name, "altools.signals", "compute").options.values():
            default = defaults.get(option.name, option.default)
            options[option.name] = plugins.Option(option.name, option.annotation, default)
    return options


def check_named(plugin: plugins.Plugin, *constants: str) -> None:
    """Require that some constants of a plug-in, where they are defined, are literal sets of names.

    Raises:
        UserError: one is something else.
    """
    for constant in constants:
        value = plugin.constants.get(constant, frozenset())
        if not isinstance(value, frozenset | set) or not all(isinstance(name, str) for name in value):
            raise UserError(
                f"{constant} of {plugin.module} must be a literal set of names: frozenset({{...}}). It is read without "
                "running the module."
            )
