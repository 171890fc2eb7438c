"""``python docs/generate.py``: write what the repository knows into its documents (`make docs`).

docs/strategies.md comes from the strategies' own docstrings; the table between the marks of README.md and
docs/performance.md from ``benchmarks/results``.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benchmarks are no package that is installed

from altools import plugins, strategies
from altools.signal_options import SIGNAL_OPTIONS
from benchmarks import table

PAGE = Path(__file__).with_name("strategies.md")
MEASURED = (PAGE.with_name("performance.md"), PAGE.parents[1] / "README.md")
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
HEAD = """# Query strategies

Written by `make docs` from the docstrings in `altools/strategies/`; edit those. A config names a strategy under
`strategies:` and sets its options under `strategy_options:`. When the budget covers the pool, all of it is taken and no
strategy runs. Every strategy sees test-time pixels, equal scores keep pool order, and degenerate cases are recorded in
`query.json`.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *(section(strategies.describe(name)) for name in strategies.names())])


def section(plugin: plugins.Plugin) -> str:
    """Return the section of one strategy."""
    path = plugins.source_of(plugin.module)
    assert path is not None
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    needs = sorted(plugin.constants["NEEDS"])
    own = plugin.constants.get("OPTIONS", {})
    options = {option.name: option.default for option in plugin.options.values()}
    for need in needs:
        options |= {name: own.get(name, default) for name, default in SIGNAL_OPTIONS.get(need, {}).items()}
    lines = [f"## `{plugin.name}`", "", markdown(text), ""]
    lines += [f"**Signals:** {', '.join(f'`{need}`' for need in needs) or 'none'}.", ""]
    lines += [
        f"**Options and defaults:** {', '.join(f'`{name}: {value}`' for name, value in options.items()) or 'none'}.",
        "",
    ]
    return "\n".join(lines)


def markdown(text: str) -> str:
    """Turn the docstring's math directives into fenced math, and keep the rest."""

    def fence(match: re.Match[str]) -> str:
        formula = "\n".join(line.strip() for line in match.group(1).strip().splitlines())
        return f"```math\n{formula}\n```\n\n"

    text = re.sub(r"^\.\. math::((?:.*\n)(?:(?:[ \t]+.*)?\n)*)", fence, text + "\n", flags=re.MULTILINE)
    text = re.sub(r"\n+(Reference|Differs|Options|Cost|Memory):", r"\n\n**\1:**", text)  # a paragraph each
    return re.sub(r"``(.+?)``", r"`\1`", text).strip()


def measured(text: str) -> str:
    """Return a document with the table of measurements as it is now."""
    begin, end = MARKS
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}\n{table.markdown()}\n{end}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page() + "\n", encoding="utf-8")
    for path in MEASURED:
        path.write_text(measured(path.read_text(encoding="utf-8")), encoding="utf-8")
