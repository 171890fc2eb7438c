"""A short hash of the code that a job runs: the modules it calls and all of this package that they import.

Snakemake sees only a script's own text; with this hash in a rule's ``params`` an edit of the library reruns
exactly the jobs that use it. Comments, docstrings and formatting do not count.
"""

from __future__ import annotations

import ast
from functools import cache
from hashlib import blake2b
from pathlib import Path

from altools.plugins import source_of

PACKAGE = "altools"


@cache
def fingerprint(*modules: str) -> str:
    """Return the hash of these modules and of everything in their own packages that they import, transitively.

    Args:
        modules: dotted names; a plug-in from another package is followed inside that package too.
    """
    packages = {PACKAGE} | {module.partition(".")[0] for module in modules}
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        path = source_of(module)
        if path is None or module in found:
            continue
        found[module] = path
        waiting += [name for name in imported(path, module) if name.partition(".")[0] in packages]
    digest = blake2b(digest_size=8)
    for module in sorted(found):
        digest.update(f"{module}\n{_code(found[module])}\n".encode())
        for file in _page_parts(found[module]):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _page_parts(path: Path) -> list[Path]:
    """List the files beside a package's modules that its code puts into a page."""
    beside = path.parent.iterdir() if path.name == "__init__.py" else ()
    return sorted(file for file in beside if file.suffix in (".html", ".css", ".js"))


@cache
def imported(path: Path, module: str) -> frozenset[str]:
    """Return every module that a file may import, ``from x import y`` counted as both x and x.y."""
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


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _code(path: Path) -> str:
    tree = _tree(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                node.body = body[1:]
    return "\n".join(ast.unparse(node) if getattr(node, "body", True) else ast.dump(node) for node in tree.body)
