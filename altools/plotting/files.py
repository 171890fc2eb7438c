"""Write a figure as svg and png beside the table it was drawn from; the same figure gives the same bytes.

The only module of this package that writes files.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib import rc_context
from matplotlib.figure import Figure

from altools import storage
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
    svg, png, parquet = (path.with_name(f"{path.name}.{suffix}") for suffix in ("svg", "png", "parquet"))
    with rc_context(RC), storage.atomic(svg) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    with rc_context(RC), storage.atomic(png) as temporary:
        figure.savefig(temporary, format="png")
    with storage.atomic(parquet) as temporary:
        table.to_parquet(temporary, index=False)
    return [svg, png, parquet]
