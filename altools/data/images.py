"""Images on a device: uint8 pixels, and batches gathered, augmented and normalised there.

Knows nothing about files. The random draws of a batch arrive as tensors, so that they can come from a CPU stream and
be moved once per epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, UInt8
from torch import Generator, Tensor

from altools.config.recipes import Augmentation


@runtime_checkable
class ImageSet(Protocol):
    """Images that a network can be asked about: `Images`, or `altools.data.encoded.EncodedImages`."""

    @property
    def device(self) -> torch.device:
        """Where batches are."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""

    def __len__(self) -> int: ...

    def normalise(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Turn pixels in 0..1 into network input."""

    def unit(self, rows: Int[Tensor, " b"]) -> Float[Tensor, "b c h w"]:
        """Return images by row with pixels in 0..1."""

    def batches(self, parts: Sequence[Int[Tensor, " _"]]) -> Iterator[Float[Tensor, "_ c h w"]]:
        """Yield network input for some lists of rows."""


@dataclass(frozen=True, kw_only=True)
class Images:
    """Pixels on a device and how a network wants to see them."""

    pixels: UInt8[Tensor, "n c h w"]  # uint8 on the device: 4x less memory than float32
    mean: Float[Tensor, "c 1 1"]
    std: Float[Tensor, "c 1 1"]

    @classmethod
    def on(cls, device: torch.device, pixels: Tensor, mean: Sequence[float], std: Sequence[float]) -> Images:
        """Copy pixels to a device once; ``mean`` and ``std`` are per channel, of pixels in 0..1."""
        shape = (len(mean), 1, 1)
        return cls(
            pixels=pixels.to(device),
            mean=torch.tensor(mean, dtype=torch.float32, device=device).reshape(shape),
            std=torch.tensor(std, dtype=torch.float32, device=device).reshape(shape),
        )

    @property
    def device(self) -> torch.device:
        """Where the pixels are."""
        return self.pixels.device

    def __len__(self) -> int:
        return len(self.pixels)

    def normalise(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Turn pixels in 0..1 into network input."""
        return (images - self.mean) / self.std

    def batch(self, rows: Int[Tensor, " b"], draws: Draws | None = None) -> Float[Tensor, "b c h w"]:
        """Gather images by row as network input, augmented when draws are given."""
        images = self.pixels[rows]
        if draws is not None:
            images = draws.apply(images)
        return self.normalise(images.to(torch.float32) / 255)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width

    def unit(self, rows: Int[Tensor, " b"]) -> Float[Tensor, "b c h w"]:
        """Gather images by row with pixels in 0..1."""
        return self.pixels[rows.to(self.device)].float().div_(255)

    def batches(self, parts: Sequence[Int[Tensor, " _"]]) -> Iterator[Float[Tensor, "_ c h w"]]:
        """Yield network input for some lists of rows."""
        return (self.batch(part.to(self.device)) for part in parts)


@dataclass(frozen=True, kw_only=True)
class Draws:
    """The random numbers that augment b images; a ``None`` means that change is off."""

    offsets: Int[Tensor, "b 2"] | None = None
    """Top-left corner of the crop in the padded image, row then column."""
    padding: int = 0
    horizontal: Bool[Tensor, " b"] | None = None
    vertical: Bool[Tensor, " b"] | None = None

    @classmethod
    def draw(cls, n: int, augmentation: Augmentation, rng: Generator) -> Draws:
        """Draw for n images; each kind of change reads the stream in a fixed order."""
        padding = augmentation.crop_padding
        return cls(
            offsets=torch.randint(0, 2 * padding + 1, (n, 2), generator=rng) if padding else None,
            padding=padding,
            horizontal=torch.rand(n, generator=rng) < 0.5 if augmentation.horizontal_flip else None,
            vertical=torch.rand(n, generator=rng) < 0.5 if augmentation.vertical_flip else None,
        )

    def to(self, device: torch.device) -> Draws:
        """Move all draws to a device."""
        return self.map(lambda value: value.to(device, non_blocking=True))

    def __getitem__(self, part: slice | Tensor) -> Draws:
        return self.map(lambda value: value[part])

    def copy_(self, other: Draws) -> None:
        """Overwrite these draws with others of the same kind and number."""
        for mine, theirs in (
            (self.offsets, other.offsets),
            (self.horizontal, other.horizontal),
            (self.vertical, other.vertical),
        ):
            if mine is not None and theirs is not None:
                mine.copy_(theirs)

    def map(self, change: Callable[[Tensor], Tensor]) -> Draws:
        """Return these draws with every tensor changed."""
        return Draws(
            offsets=None if self.offsets is None else change(self.offsets),
            padding=self.padding,
            horizontal=None if self.horizontal is None else change(self.horizontal),
            vertical=None if self.vertical is None else change(self.vertical),
        )

    def apply(self, images: Tensor) -> Tensor:
        """Crop from the zero-padded images, then flip: one gather for all images."""
        b, _, h, w = images.shape
        device = images.device
        rows = torch.arange(h, device=device).expand(b, h)
        columns = torch.arange(w, device=device).expand(b, w)
        if self.horizontal is not None:
            columns = torch.where(self.horizontal[:, None], w - 1 - columns, columns)
        if self.vertical is not None:
            rows = torch.where(self.vertical[:, None], h - 1 - rows, rows)
        if self.offsets is not None:
            images = F.pad(images, (self.padding,) * 4)
            rows, columns = rows + self.offsets[:, :1], columns + self.offsets[:, 1:]
        which = torch.arange(b, device=device)[:, None, None]
        return images.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
