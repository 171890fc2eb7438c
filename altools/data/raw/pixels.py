"""Images of any kind as (channels, height, width) uint8 pixels: antialiased resizing, and stretching of wide ranges.

The arithmetic that the sources of data share. Knows nothing about datasets.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, UnidentifiedImageError


def decode(content: BytesIO, *, size: int, channels: int) -> np.ndarray:
    """Read an encoded image as (channels, size, size) pixels, its pixels as they are stored."""
    with opened(content) as image:
        return pixels_of(image, size=size, channels=channels)


def opened(content: BytesIO) -> Image.Image:
    """Open an encoded image of any format.

    Raises:
        ValueError: it is no image; other damage shows when its pixels are read.
    """
    try:
        return Image.open(content)
    except UnidentifiedImageError:
        raise ValueError("not an image of a known format") from None


def pixels_of(image: Image.Image, *, size: int, channels: int) -> np.ndarray:
    """Convert and resize a Pillow image to (channels, size, size) pixels; aspect ratio is lost.

    Bilinear with antialiasing, which is what the paper's transforms do. Grey values of 16 bits keep their 8 highest.

    Raises:
        ValueError: the pixels have 32 bits, whose range nobody can know.
    """
    if image.mode.startswith("I;16"):  # Pillow's own conversion would clip at 255
        image = Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        raise ValueError("pixels of 32 bits, whose range is not known; store them with 8 or 16 bits")
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def stretched(values: np.ndarray) -> np.ndarray:
    """Map the least value to 0 and the largest to 255, rounded; a constant array becomes 0.

    Raises:
        ValueError: a value is not a finite number.
    """
    if values.dtype.kind not in "biuf":
        raise ValueError(f"values must be numbers, got {values.dtype}")
    least, most = float(values.min()), float(values.max())
    if not (np.isfinite(least) and np.isfinite(most)):
        raise ValueError("values must be finite")
    if least == most:
        return np.zeros(values.shape, dtype=np.uint8)
    scale = 255 / (most - least)
    return np.rint((values.astype(np.float64) - least) * scale).astype(np.uint8)
