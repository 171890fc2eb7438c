"""Write a figure as svg and png beside the table it was drawn from; the same figure gives the same bytes.

The only module of this package that touches the disk. Every file appears whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from altools.plotting.style import RC


def save(figure: Figure, path: str | Path, table: pd.DataFrame) -> list[Path]:
    """Write ``path``.svg, ``path``.png and ``path``.parquet.

    Args:
        figure: what to draw.
        path: the files' path without a suffix; missing folders are made.
        table: the table the figure was drawn from.

    Returns:
        The three files.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    targets = [path.with_name(f"{path.name}.{suffix}") for suffix in ("svg", "png", "parquet")]
    svg, png, parquet = targets
    with rc_context(RC):
        _replace(svg, lambda file: figure.savefig(file, format="svg", metadata={"Date": None}))
        _replace(png, lambda file: figure.savefig(file, format="png"))
    _replace(parquet, lambda file: table.to_parquet(file, index=False))
    return targets


def _replace(target: Path, write: Callable[[Path], None]) -> None:
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        write(unfinished)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)
