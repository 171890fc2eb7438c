"""Plug-in modules described without importing them: their constants, options and first sentence.

A strategy, a dataset source or a metric is one module; the options of its main function are keyword-only
arguments with defaults and annotations. Reading the source instead of importing it keeps torch out of the
config and of Snakemake's parse. Knows nothing about what the plug-ins do.
"""

from __future__ import annotations

import ast
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from altools.errors import UserError

REQUIRED = object()


@dataclass(frozen=True)
class Option:
    """One keyword-only argument of a plug-in's main function."""

    name: str
    annotation: str
    default: Any  # REQUIRED where there is none


@dataclass(frozen=True)
class Plugin:
    """What a plug-in module says about itself."""

    name: str
    module: str
    summary: str
    options: dict[str, Option]
    constants: dict[str, Any]


def names(package: str) -> list[str]:
    """Return the names of the plug-ins that ship in ``package``, sorted."""
    return sorted(path.stem for path in _folder(package).glob("*.py") if not path.stem.startswith("_"))


def dotted(name: str, package: str) -> str:
    """Return the module that a name in a config stands for.

    Example:
        >>> dotted("margin", "altools.strategies"), dotted("lab.mine", "altools.strategies")
        ('altools.strategies.margin', 'lab.mine')
    """
    return name if "." in name else f"{package}.{name}"


def describe(name: str, package: str, function: str) -> Plugin:
    """Describe the plug-in ``name`` of ``package``, or the module of another package by its dotted path.

    Args:
        name: a name in `names`, or a dotted path such as ``mylab.strategies.mine``.
        package: where the bare names live, e.g. ``altools.strategies``.
        function: the main function whose keyword-only arguments are the options.

    Raises:
        UserError: there is no such module, or it lacks the function.
    """
    module = dotted(name, package)
    path = source_of(module)
    if path is None:
        known = ", ".join(names(package))
        raise UserError(f"{name!r} is not a module of {package} and not an importable dotted path. Known: {known}.")
    return _read(name, module, path, function)


@cache
def source_of(module: str) -> Path | None:
    """Return the file of a module, found without running any of it."""
    top, *rest = module.split(".")
    if not all(part.isidentifier() for part in (top, *rest)):
        return None
    spec = importlib.util.find_spec(top)  # imports nothing, because the name is top-level
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for folder in spec.submodule_search_locations or ():
        base = Path(folder).joinpath(*rest)
        for path in (base / "__init__.py", base.with_suffix(".py")):
            if path.is_file():
                return path
    return None


def _folder(package: str) -> Path:
    path = source_of(package)
    assert path is not None, package
    return path.parent


@cache
def _read(name: str, module: str, path: Path, function: str) -> Plugin:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    main = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function), None)
    if main is None:
        raise UserError(f"{module} must define a function {function!r}. Got none in {path.name}.")
    arguments = zip(main.args.kwonlyargs, main.args.kw_defaults, strict=True)
    options = {
        argument.arg: Option(
            argument.arg,
            ast.unparse(argument.annotation) if argument.annotation else "Any",
            REQUIRED if default is None else _default(default, f"{module}.{function}", argument.arg),
        )
        for argument, default in arguments
    }
    assignments = ((_target(node), node.value) for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign))
    constants = {target: _literal(value) for target, value in assignments if target.isupper() and value is not None}
    summary = (ast.get_docstring(tree) or "").split("\n", 1)[0]
    return Plugin(name, module, summary, options, constants)


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    """Return the name that a simple assignment sets, or nothing."""
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _default(node: ast.expr, function: str, name: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise UserError(
            f"The default of {name} of {function} must be a literal, because it is read without running the module. "
            f"Got {ast.unparse(node)}; write the value out."
        ) from None


def _literal(node: ast.expr) -> Any:
    """Evaluate a literal, also inside ``frozenset({...})``; None where it is no literal."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "frozenset":
        members = _literal(node.args[0]) if node.args else ()
        return None if members is None else frozenset(members)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
