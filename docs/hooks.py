"""What the site needs beyond Markdown: formulas as MathML, which browsers draw without a script or the network."""

from __future__ import annotations

import re
from typing import Any

from latex2mathml.converter import convert


def formula(source: str, *_: Any, **__: Any) -> str:
    """Return a fenced formula as a block of MathML."""
    return convert(source, display="block")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Show links to files of the repository that are no pages as their names."""
    return re.sub(r"\[([^\]]+)\]\(\.\./[^)]+\)", r"`\1`", markdown)
