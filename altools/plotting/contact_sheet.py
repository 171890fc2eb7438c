"""Contact sheets: the queried images themselves, a row per strategy and round, each titled with its true class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from altools.errors import UserError
from altools.plotting import style


@style.styled
def figure(
    rows: Sequence[tuple[str, NDArray[np.uint8], Sequence[str]]],
    *,
    heading: str = "",
    columns: int = 12,
    width_in: float = style.PAGE_IN,
) -> Figure:
    """Draw the first ``columns`` images of every row.

    Args:
        rows: what the row shows (say "Margin, round 1"), its images (n, c, h, w) with one or three channels, and
            the true class of each image.
        heading: title of the sheet.
        columns: images side by side.
        width_in: width in inches.

    Raises:
        UserError: images and classes differ in number, or the channels are neither one nor three.
    """
    shown = max((min(columns, len(images)) for _, images, _ in rows), default=0)
    if not shown:
        raise UserError("A contact sheet needs at least one image. Got none.")
    cell = width_in * 0.86 / columns
    drawing = Figure(figsize=(width_in, 0.3 * bool(heading) + len(rows) * (cell * 1.22)))
    top = 1 - 0.3 * bool(heading) / drawing.get_figheight()
    left = 0.14
    grid = drawing.add_gridspec(
        len(rows),
        columns,
        left=left,
        right=0.995,
        top=top - 0.12 / drawing.get_figheight(),
        bottom=0.01,
        wspace=0.06,
        hspace=0.34,
    )
    for number, (name, images, classes) in enumerate(rows):
        if len(images) != len(classes):
            raise UserError(f"Every image needs a class. Got {len(images)} images and {len(classes)} classes ({name}).")
        for place in range(min(columns, len(images))):
            axes = drawing.add_subplot(grid[number, place])
            axes.imshow(_picture(images[place]), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            axes.set_axis_off()
            axes.set_title(_short(classes[place]), fontsize=5.5, loc="center", pad=1.5, fontweight="normal")
            if place == 0:
                axes.annotate(
                    name,
                    (0, 0.5),
                    xycoords="axes fraction",
                    xytext=(-4, 0),
                    textcoords="offset points",
                    ha="right",
                    va="center",
                    fontsize=6.5,
                )
    if heading:
        drawing.suptitle(heading, fontsize=8, x=0.01, y=0.995, ha="left", va="top", fontweight="bold")
    return drawing


def _picture(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    channels = image.shape[0]
    if channels not in (1, 3):
        raise UserError(f"Images must have 1 or 3 channels. Got {channels}.")
    return image[0] if channels == 1 else np.moveaxis(image, 0, -1)


def _short(name: str, most: int = 11) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
