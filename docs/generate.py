"""``python docs/generate.py``: write what the repository knows into its documents (`make docs`).

docs/strategies.md comes from the strategies' own docstrings; the table between the marks of README.md and
docs/performance.md from ``benchmarks/results``; the tables of keys in docs/settings.md from the typed config.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benchmarks are no package that is installed

from altools import strategies
from altools.config import plugins
from altools.config import schema as config
from altools.config.options import needs_of, signal_options
from benchmarks import table

PAGE = Path(__file__).with_name("strategies.md")
MEASURED = (PAGE.with_name("performance.md"), PAGE.parents[1] / "README.md")
SETTINGS = PAGE.with_name("settings.md")
KEYS = {
    "Config": "At the top",
    "Dataset": "Of an entry of `datasets`",
    "Recipe": "Of `recipe`",
    "Augmentation": "Of `recipe.augmentation`",
    "PretrainRecipe": "Of `pretrain`",
    "Views": "Of `pretrain.views`",
}
HEAD = """# Query strategies

Written by `make docs` from the docstrings in `altools/strategies/`; edit those. A config names a strategy under
`strategies:` and sets its options under `strategy_options:`. When the budget covers the pool, all of it is taken and no
strategy runs. Every strategy sees test-time pixels, equal scores keep pool order, and degenerate cases are recorded in
`query.json`.

In formulas and costs: u candidates (the pool), l labelled images, b picks (the budget), c classes, d features, m
Monte-Carlo samples; p(x) the probabilities of an image, h(x) its embedding, the input of the last layer.

Options of signals, for whichever strategy needs the signal: `mc_average` averages the candidates' probabilities over so
many dropout masks (0: no dropout; labelled images are always seen without); `mc_samples` masks for BALD and BatchBALD;
`mc_rate` is the share of the last layer's inputs that a mask drops; `bim_step` is the change of a pixel per step, in
units of its range; after `bim_max_steps` or `deepfool_max_steps` steps an image counts as never flipping;
`deepfool_overshoot` is how far beyond the boundary a step goes.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *(section(strategies.describe(name)) for name in strategies.names())])


def section(plugin: plugins.Plugin) -> str:
    """Return the section of one strategy."""
    path = plugins.source_of(plugin.module)
    assert path is not None
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    needs = needs_of(plugin)
    signals = signal_options(needs, plugin.constants.get("OPTIONS", {}))
    options = {option.name: option.default for option in (*plugin.options.values(), *signals.values())}
    lines = [f"## `{plugin.name}`", "", markdown(text), ""]
    lines += [f"**Signals:** {', '.join(f'`{need}`' for need in sorted(needs)) or 'none'}.", ""]
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


def keys() -> str:
    """Return a table per part of the config, and the options of datasets and models."""
    schema = config.Config.model_json_schema()
    parts = schema["$defs"] | {"Config": schema}
    lines = []
    for name, heading in KEYS.items():
        lines += [f"### {heading}", "", "| key | default | meaning |", "|---|---|---|"]
        for key, facts in parts[name]["properties"].items():
            meaning = " ".join(facts.get("description", "").split()).replace("``", "`")
            lines.append(f"| `{key}` | {default(facts)} | {meaning} |")
        lines.append("")
    for heading, package, function in (
        ("Of `options`, by `source`", "altools.data.sources", "read"),
        ("Of `model_options`, by `model`", "altools.models", "build"),
        ("Of `metric_options`, by metric", "altools.metrics", "score"),
    ):
        lines += [f"### {heading}", "", "| name | what it is | options and defaults |", "|---|---|---|"]
        for name in plugins.names(package):
            plugin = plugins.describe(name, package, function)
            options = (
                f"`{option.name}`"
                if option.default is plugins.REQUIRED
                else f"`{option.name}: {plain(option.default)}`"
                for option in plugin.options.values()
            )
            lines.append(f"| `{name}` | {plugin.summary.replace('``', '`')} | {', '.join(options) or 'none'} |")
        lines.append("")
    return "\n".join(lines).strip()


def default(facts: dict[str, Any]) -> str:
    """Return a key's default as the config would write it."""
    if "default" not in facts:
        return "*required*"
    return "*see below*" if isinstance(facts["default"], dict) and facts["default"] else f"`{plain(facts['default'])}`"


def plain(value: object) -> str:
    """Return a value as YAML."""
    return value if isinstance(value, str) and value else json.dumps(value).replace('"', "") or "''"


def between(text: str, name: str, content: str) -> str:
    """Return a document with new content between its marks."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}\n{content}\n{end}{tail}"


if __name__ == "__main__":
    PAGE.write_text(page() + "\n", encoding="utf-8")
    for path in MEASURED:
        path.write_text(between(path.read_text(encoding="utf-8"), "measured", table.markdown()), encoding="utf-8")
    SETTINGS.write_text(between(SETTINGS.read_text(encoding="utf-8"), "keys", keys()), encoding="utf-8")
