"""Hash the code that computes a result: the modules a step calls, and everything of their packages that these import.

Snakemake sees only a script's own text. With this hash in a rule's ``params``, an edit of the library reruns exactly
the jobs whose numbers it can change. Not hashed, because no number depends on it:

- comments, docstrings and formatting;
- texts inside ``raise``, and of calls that build an error, print or warn;
- the modules in `NEUTRAL`: how a job runs, what a user may set (its values are params already), reading and writing.
"""

from __future__ import annotations

import ast
from functools import cache
from hashlib import blake2b
from importlib import metadata
from pathlib import Path

from altools import __version__
from altools.config.plugins import source_of

PACKAGE = "altools"
NEUTRAL = ("altools.config", "altools.errors", "altools.layout", "altools.plan", "altools.runtime", "altools.storage")
"""Modules and packages that cannot change a number."""
FORMAT = 1
"""Version of the artefacts' format: raise it where old artefacts must be made again."""
MESSAGE_CALLS = frozenset({"print", "warn", "UserError"})
"""Functions whose text arguments are messages."""


@cache
def code_version(*modules: str) -> str:
    """Return what a result's numbers depend on besides its params and inputs: package, torch, and code.

    The package's patch version is left out: patch releases change no number.

    Args:
        modules: dotted names of the modules that compute the result.

    Example:
        >>> code_version("altools.strategies.margin")  # doctest: +ELLIPSIS
        'altools 0.1, torch 2..., format 1, code ...'
    """
    release = ".".join(__version__.split(".")[:2])
    return f"altools {release}, torch {torch_version()}, format {FORMAT}, code {fingerprint(*modules)}"


@cache
def torch_version() -> str:
    """Return the version of torch without importing it, and without the name of its build (``+cu130``)."""
    return metadata.version("torch").partition("+")[0]


@cache
def fingerprint(*modules: str) -> str:
    """Return the hash of some modules and of all modules of their packages that they import, transitively.

    Args:
        modules: dotted names; a plug-in of another package is followed inside that package too.
    """
    digest = blake2b(digest_size=8)
    for module, path in sorted(dependencies(*modules).items()):
        digest.update(f"{module}\n{_code(path)}\n".encode())
        for file in _page_parts(path):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def dependencies(*modules: str) -> dict[str, Path]:
    """Return the files that a fingerprint covers, by module."""
    packages = {PACKAGE} | {module.partition(".")[0] for module in modules}
    files: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        path = None if module in files or _neutral(module) else source_of(module)
        if path is not None:
            files[module] = path
            waiting += [name for name in imported(path, module) if name.partition(".")[0] in packages]
    return files


def _neutral(module: str) -> bool:
    return module == PACKAGE or any(module == name or module.startswith(f"{name}.") for name in NEUTRAL)


def _page_parts(path: Path) -> list[Path]:
    """List the files beside a package's modules that its code puts into a page."""
    beside = path.parent.iterdir() if path.name == "__init__.py" else ()
    return sorted(file for file in beside if file.suffix in (".html", ".css", ".js"))


@cache
def imported(path: Path, module: str) -> frozenset[str]:
    """Return every module that a file may import; ``from x import y`` counts as both x and x.y."""
    names: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                parents = parents[: len(parents) - node.level + (path.name == "__init__.py")]
                base = ".".join([*parents, *([base] if base else [])])
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(names)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _code(path: Path) -> str:
    """Return a file's code in one form, without docstrings and the texts of messages."""
    tree = _WithoutMessages().visit(_tree(path))
    assert isinstance(tree, ast.Module)
    return "\n".join(ast.unparse(node) if getattr(node, "body", True) else ast.dump(node) for node in tree.body)


class _WithoutMessages(ast.NodeTransformer):
    """Remove docstrings; empty the texts inside ``raise`` and of calls that make messages."""

    def visit(self, node: ast.AST) -> ast.AST:
        node = self.generic_visit(node)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                node.body = body[1:]
        elif isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _name(node.func) in MESSAGE_CALLS):
            return _Emptied().visit(node)
        return node


class _Emptied(ast.NodeTransformer):
    """Replace texts by the empty text."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant("")

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str) else node


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
