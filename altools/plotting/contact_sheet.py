"""Contact sheet: some images of every class side by side, to see class, orientation and contrast at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from altools.plotting import style

ROW_IN = 0.8  # height of an image in inches
GAP = 0.04  # between images, as a share of their width


@style.styled
def contact_sheet(images: Sequence[np.ndarray], titles: Sequence[str], heading: str = "") -> Figure:
    """Draw a row per title.

    Args:
        images: per row, uint8 pixels (n, c, h, w) of one or three channels; rows may differ in n.
        titles: what stands to the left of each row.
        heading: what stands above.
    """
    rows = [strip(row) for row in images]
    longest = max(row.shape[1] / row.shape[0] for row in rows)
    margin = 1.5  # inches for the titles
    size = (margin + ROW_IN * longest + 0.1, (ROW_IN + 0.06) * len(rows) + 0.35)
    drawing = Figure(figsize=size)
    for place, (row, title) in enumerate(zip(rows, titles, strict=True)):
        bottom = 1 - (0.3 + (ROW_IN + 0.06) * (place + 1)) / size[1]
        width = ROW_IN * row.shape[1] / row.shape[0]
        axes = drawing.add_axes((margin / size[0], bottom, width / size[0], ROW_IN / size[1]))
        axes.imshow(row, interpolation="nearest", aspect="auto")
        axes.set_axis_off()
        drawing.text((margin - 0.08) / size[0], bottom + ROW_IN / size[1] / 2, title, ha="right", va="center")
    drawing.text(0.1 / size[0], 1 - 0.18 / size[1], heading, fontweight="bold", va="center")
    return drawing


def strip(images: np.ndarray) -> np.ndarray:
    """Return images (n, c, h, w) side by side as (h, width, 3), with white gaps."""
    n, _, h, w = images.shape
    gap = max(1, round(GAP * w))
    canvas = np.full((h, n * (w + gap) - gap, 3), 255, dtype=np.uint8)
    for place, image in enumerate(images):
        canvas[:, place * (w + gap) : place * (w + gap) + w] = image.transpose(1, 2, 0)
    return canvas
