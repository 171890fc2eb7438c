"""Contact sheets: the queried images themselves, a row per strategy and round, each titled with its true class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from altools.errors import UserError
from altools.plotting import style

GAP = 0.35  # width of the space between two blocks, in images


Pictures = tuple[NDArray[np.uint8], Sequence[str]]
"""Images (n, c, h, w) with one or three channels, and the true class of each."""


@style.styled
def figure(
    rows: Sequence[tuple[str, Sequence[Pictures]]],
    *,
    heading: str = "",
    columns: Sequence[int] = (12,),
    titles: Sequence[str] = (),
    width_in: float = style.PAGE_IN,
) -> Figure:
    """Draw the first images of every row, in blocks side by side.

    Args:
        rows: what the row shows (say "Margin"), and the pictures of each of its blocks.
        heading: title of the sheet.
        columns: images side by side in each block.
        titles: of the blocks.
        width_in: width in inches.

    Raises:
        UserError: images and classes differ in number, or the channels are neither one nor three.
    """
    if not any(len(images) for _, blocks in rows for images, _ in blocks):
        raise UserError("A contact sheet needs at least one image. Got none.")
    starts = [sum(columns[:block]) + block for block in range(len(columns))]  # a narrow column between two blocks
    widths = [GAP] * (sum(columns) + len(columns) - 1)
    for start, size in zip(starts, columns, strict=True):
        widths[start : start + size] = [1.0] * size
    left = 0.14
    cell = width_in * (0.995 - left) / sum(widths)
    head = 0.3 * bool(heading) + 0.16 * bool(titles)
    drawing = Figure(figsize=(width_in, head + len(rows) * cell * 1.22))
    height = drawing.get_figheight()
    grid = drawing.add_gridspec(
        len(rows),
        len(widths),
        width_ratios=widths,
        left=left,
        right=0.995,
        top=1 - (head + 0.12) / height,
        bottom=0.01,
        wspace=0.06,
        hspace=0.34,
    )
    for number, (name, blocks) in enumerate(rows):
        for start, size, (images, classes) in zip(starts, columns, blocks, strict=True):
            if len(images) != len(classes):
                raise UserError(
                    f"Every image needs a class. Got {len(images)} images and {len(classes)} classes ({name})."
                )
            for place in range(min(size, len(images))):
                axes = drawing.add_subplot(grid[number, start + place])
                axes.imshow(_picture(images[place]), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
                axes.set_axis_off()
                axes.set_title(_short(classes[place]), fontsize=5.5, loc="center", pad=1.5, fontweight="normal")
        middle = grid[number, 0].get_position(drawing)
        drawing.text(left - 0.008, (middle.y0 + middle.y1) / 2, name, ha="right", va="center", fontsize=6.5)
    for start, title in zip(starts, titles, strict=bool(titles)):
        above = grid[0, start].get_position(drawing)
        drawing.text(above.x0, 1 - (head - 0.04) / height, title, ha="left", va="bottom", fontsize=7)
    if heading:
        drawing.suptitle(heading, fontsize=8, x=0.01, y=1 - 0.04 / height, ha="left", va="top", fontweight="bold")
    return drawing


def _picture(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    channels = image.shape[0]
    if channels not in (1, 3):
        raise UserError(f"Images must have 1 or 3 channels. Got {channels}.")
    return image[0] if channels == 1 else np.moveaxis(image, 0, -1)


def _short(name: str, most: int = 10) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
