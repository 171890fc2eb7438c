"""Images that stay encoded on disk, for data too large for a device: decoded by threads, a few batches ahead.

The threads decode, crop and resize (Pillow releases the interpreter's lock in each), so that a batch crosses to the
device as uint8 of its final size; flips and normalisation happen there. It is an
`altools.data.images.ImageSet`; training iterates over `batches` with crops.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Generator, Tensor

from altools.data.crops import ATTEMPTS, RATIO
from altools.errors import UserError

AHEAD = 4
"""Batches that are being decoded while one is computed with."""
MODES = {1: "L", 3: "RGB"}


@dataclass(frozen=True, kw_only=True)
class Crops:
    """The random numbers of n training images; they become pixels once an image's size is known.

    Reference: torchvision's ``RandomResizedCrop`` and ``RandomHorizontalFlip``.
    """

    share: Float[Tensor, "n attempts"]
    """Of the image's area."""
    ratio: Float[Tensor, "n attempts"]
    """Width / height."""
    place: Float[Tensor, "n 2"]
    """Of the free rows and columns, how many are above and left of the crop, from 0 to 1."""
    flip: Bool[Tensor, " n"]

    @classmethod
    def draw(cls, n: int, scale_min: float, flip: bool, rng: Generator) -> Crops:
        """Draw for n images; crops keep at least ``scale_min`` of the area."""
        share = scale_min + (1 - scale_min) * torch.rand(n, ATTEMPTS, generator=rng)
        low, high = (math.log(bound) for bound in RATIO)
        ratio = (low + (high - low) * torch.rand(n, ATTEMPTS, generator=rng)).exp()
        place, flips = torch.rand(n, 2, generator=rng), torch.rand(n, generator=rng) < 0.5
        return cls(share=share, ratio=ratio, place=place, flip=flips if flip else torch.zeros_like(flips))

    def __getitem__(self, part: Tensor | slice) -> Crops:
        return Crops(share=self.share[part], ratio=self.ratio[part], place=self.place[part], flip=self.flip[part])

    def box(self, number: int, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of one image's crop."""
        shares, ratios = self.share[number].tolist(), self.ratio[number].tolist()
        if shares[0] == 1:  # crops are off
            return 0, 0, width, height
        # Plain numbers: threads that decode wait for each other here, and small tensors take 13 times as long.
        for share, ratio in zip(shares, ratios, strict=True):
            area = width * height * share
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 1 <= w <= width and 1 <= h <= height:
                above, before = self.place[number].tolist()
                top, left = int(above * (height - h + 1)), int(before * (width - w + 1))
                return left, top, left + w, top + h
        w, h = min(width, round(height * RATIO[1])), min(height, round(width / RATIO[0]))
        top, left = (height - h) // 2, (width - w) // 2
        return left, top, left + w, top + h


@dataclass(frozen=True, kw_only=True)
class EncodedImages:
    """The files of one split, and how a network wants to see them."""

    folder: Path
    ids: Sequence[str]
    """Paths of the files in the folder."""
    shape: tuple[int, int, int]
    """Channels, height, width as the network sees them."""
    mean: Float[Tensor, "c 1 1"]
    std: Float[Tensor, "c 1 1"]
    workers: int
    """Threads that decode."""

    @classmethod
    def on(
        cls,
        device: torch.device,
        folder: Path,
        ids: Sequence[str],
        shape: Sequence[int],
        mean: Sequence[float],
        std: Sequence[float],
        workers: int,
    ) -> EncodedImages:
        """Describe the files; ``mean`` and ``std`` are per channel, of pixels in 0..1."""
        channels, height, width = shape
        return cls(
            folder=folder,
            ids=ids,
            shape=(channels, height, width),
            mean=torch.tensor(mean, dtype=torch.float32, device=device).reshape(-1, 1, 1),
            std=torch.tensor(std, dtype=torch.float32, device=device).reshape(-1, 1, 1),
            workers=workers,
        )

    @property
    def device(self) -> torch.device:
        """Where batches go."""
        return self.mean.device

    def __len__(self) -> int:
        return len(self.ids)

    def normalise(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Turn pixels in 0..1 into network input."""
        return (images - self.mean) / self.std

    def batches(
        self, parts: Sequence[Int[Tensor, " _"]], crops: Sequence[Crops] | None = None
    ) -> Iterator[Float[Tensor, "_ c h w"]]:
        """Yield network input for some lists of rows, decoded ahead.

        Without crops an image is resized as a whole to the shape, as in the paper's tests.

        Raises:
            UserError: a file cannot be decoded.
        """
        queue: deque[list[Future[np.ndarray]]] = deque()
        with ThreadPoolExecutor(self.workers) as threads:
            try:
                for number in range(len(parts) + AHEAD):
                    if number < len(parts):
                        crop = None if crops is None else crops[number]
                        rows = enumerate(parts[number].tolist())
                        queue.append([threads.submit(self._decode, row, crop, place) for place, row in rows])
                    if number >= AHEAD:
                        pixels = torch.from_numpy(np.stack([done.result() for done in queue.popleft()]))
                        yield self._on_device(pixels, None if crops is None else crops[number - AHEAD].flip)
            finally:
                threads.shutdown(cancel_futures=True)

    def unit(self, rows: Int[Tensor, " b"]) -> Float[Tensor, "b c h w"]:
        """Return whole images by row with pixels in 0..1."""
        with ThreadPoolExecutor(self.workers) as threads:
            pixels = np.stack(list(threads.map(self._decode, rows.tolist())))
        return torch.from_numpy(pixels).to(self.device).float().div_(255)

    def _on_device(self, pixels: UInt8[Tensor, "b c h w"], flip: Tensor | None) -> Tensor:
        if self.device.type == "cuda":
            pixels = pixels.pin_memory()
        images = pixels.to(self.device, non_blocking=True)
        if flip is not None:
            images = torch.where(flip.to(self.device, non_blocking=True)[:, None, None, None], images.flip(3), images)
        return self.normalise(images.float() / 255)

    def _decode(self, row: int, crops: Crops | None = None, place: int = 0) -> UInt8[np.ndarray, "c h w"]:
        from PIL import Image  # no other job needs it

        channels, height, width = self.shape
        path = self.folder / self.ids[row]
        try:
            with Image.open(path) as opened:
                image = opened.convert(MODES[channels])
        except Exception as error:  # a parser of foreign bytes raises anything
            raise UserError(f"{path} must be an image that can be decoded ({error}); get it again.") from None
        box = None if crops is None else crops.box(place, image.width, image.height)
        pixels = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box))
        return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)
