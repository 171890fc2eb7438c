r"""Random views of images for SimSiam: crop, colour jitter, grey, blur and flip, made for a whole batch on its device.

Every image has draws of its own, and no step waits for the device: the numbers come from a CPU stream, once per
epoch. Semantics are torchvision's ``RandomResizedCrop``, ``ColorJitter`` (its four changes in random order),
``RandomGrayscale``, ``GaussianBlur`` and ``RandomHorizontalFlip`` on float images; draws that change nothing return
exactly the input.

Crop and blur are separable and linear, so each is two batched matrix products, :math:`R X C^\top` with matrices of
its own per image: exact where nothing changes, edges as torchvision has them, and on one CPU core 6 microseconds per
32x32 RGB image (``grid_sample`` 8, which is not exact; two depthwise convolutions 14). A crop is never larger than
its output, so resizing it needs no antialiasing.

Reference: Chen and He, 2021, "Exploring simple Siamese representation learning", appendix A; the kernel of the blur
is a Gaussian cut at three of the largest sigma (Pillow's, used there, is three box filters).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Generator, Tensor

from altools.config.recipes import Views
from altools.data.crops import ATTEMPTS, RATIO

LUMA = (0.2989, 0.587, 0.114)
BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
CPU_CHUNK = 64  # images at a time on a CPU: intermediate results stay in its cache, 1.3x to 5x as fast as 512
SLOTS = 6  # up to three blends before the change of hue and up to three after


@dataclass(frozen=True, kw_only=True)
class ViewDraws:
    """The random numbers of one view of b images; ``None`` means that change is off for all of them."""

    crop: Float[Tensor, "b 4"]
    """Top, left, height, width in whole pixels."""
    flip: Bool[Tensor, " b"]
    blends: Float[Tensor, "b slots 3"] | None = None
    """Changes of brightness, contrast and saturation in the order in which they come: the factor f, and what is
    mixed in with 1 - f, as shares of the image's mean grey and of its grey version (none of both: black)."""
    hue: Float[Tensor, " b"] | None = None
    """In turns; it comes between the first and the second half of the blends."""
    grey: Bool[Tensor, " b"] | None = None
    taps: Float[Tensor, "b taps"] | None = None
    """One side of the blur's kernel, from the centre outwards."""

    @classmethod
    def draw(cls, n: int, shape: tuple[int, int, int], views: Views, rng: Generator) -> ViewDraws:
        """Draw for n images of ``shape`` (channels, height, width), each kind of change in a fixed order."""
        channels, height, width = shape
        crop = _crops(n, height, width, views.crop_scale_min, rng)
        blends, hue = _jitter(n, channels == 3, views, rng)
        grey = torch.rand(n, generator=rng) < views.grey_probability
        taps = _taps(n, min(height, width), views, rng)
        flip = torch.rand(n, generator=rng) < 0.5
        return cls(
            crop=crop,
            flip=flip if views.horizontal_flip else torch.zeros_like(flip),
            blends=blends,
            hue=hue,
            grey=grey if channels == 3 and views.grey_probability else None,
            taps=taps,
        )

    def to(self, device: torch.device) -> ViewDraws:
        """Move all draws to a device."""
        return self._map(lambda value: value.to(device, non_blocking=True))

    def __getitem__(self, part: slice) -> ViewDraws:
        return self._map(lambda value: value[part])

    def _map(self, change: Callable[[Tensor], Tensor]) -> ViewDraws:
        old = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        new: dict[str, Any] = {name: None if value is None else change(value) for name, value in old.items()}
        return ViewDraws(**new)


def view(pixels: UInt8[Tensor, "b c h w"], draws: ViewDraws) -> Float[Tensor, "b c h w"]:
    """Return one view of each image, pixels in 0..1."""
    if pixels.device.type != "cpu" or len(pixels) <= CPU_CHUNK:
        return _view(pixels, draws)
    parts = [slice(start, start + CPU_CHUNK) for start in range(0, len(pixels), CPU_CHUNK)]
    return torch.cat([_view(pixels[part], draws[part]) for part in parts])


def _view(pixels: Tensor, draws: ViewDraws) -> Tensor:
    height, width = pixels.shape[2:]
    rows = hat(draws.crop[:, 0], draws.crop[:, 2], height)
    columns = hat(draws.crop[:, 1], draws.crop[:, 3], width)
    columns = torch.where(draws.flip[:, None, None], columns.flip(1), columns)
    images = _both_axes(pixels.to(torch.float32) / 255, rows, columns)
    if draws.blends is not None:
        images = jitter(images, draws.blends, draws.hue)
    if draws.grey is not None:
        images = images.lerp(luma(images), draws.grey.to(images.dtype)[:, None, None, None])
    if draws.taps is not None:
        images = _both_axes(images, _blur(draws.taps, height), _blur(draws.taps, width))
    return images


def _both_axes(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Multiply the columns and the rows of each image by matrices (out, in) of its own."""
    b, c, h, w = images.shape
    images = torch.bmm(images.reshape(b, c * h, w), columns.mT).view(b, c, h, w)
    return torch.matmul(rows[:, None], images)


def _crops(n: int, height: int, width: int, least: float, rng: Generator) -> Tensor:
    """Draw top, left, height, width of n crops as torchvision's ``RandomResizedCrop`` does."""
    low, high = (math.log(ratio) for ratio in RATIO)
    area = height * width * (least + (1 - least) * torch.rand(n, ATTEMPTS, generator=rng, dtype=torch.float64))
    ratio = torch.exp(low + (high - low) * torch.rand(n, ATTEMPTS, generator=rng, dtype=torch.float64))
    where = torch.rand(n, 2, generator=rng, dtype=torch.float64)
    if least == 1:
        return torch.tensor([0.0, 0.0, height, width]).expand(n, 4)
    w, h = (area * ratio).sqrt().round(), (area / ratio).sqrt().round()
    fits = (w >= 1) & (w <= width) & (h >= 1) & (h <= height)
    first = fits.to(torch.uint8).argmax(1, keepdim=True)
    size = torch.cat([h.gather(1, first), w.gather(1, first)], dim=1)
    whole = torch.tensor([height, width], dtype=torch.float64)
    corner = (where * (whole - size + 1)).floor()
    central = _largest(height, width)
    fitting = fits.any(1, keepdim=True)
    size = torch.where(fitting, size, central)
    corner = torch.where(fitting, corner, ((whole - central) / 2).floor())
    return torch.cat([corner, size], dim=1).float()


def _largest(height: int, width: int) -> Tensor:
    """Return height and width of the largest crop of an allowed ratio."""
    if width / height < RATIO[0]:
        return torch.tensor([round(width / RATIO[0]), width], dtype=torch.float64)
    if width / height > RATIO[1]:
        return torch.tensor([height, round(height * RATIO[1])], dtype=torch.float64)
    return torch.tensor([height, width], dtype=torch.float64)


def hat(start: Float[Tensor, " b"], length: Float[Tensor, " b"], size: int) -> Float[Tensor, "b out in"]:
    """Return the matrices that stretch ``length`` pixels from ``start`` on to ``size`` pixels, linearly."""
    pixel = torch.arange(size, dtype=torch.float32, device=start.device)
    position = (pixel + 0.5) * (length / size)[:, None] - 0.5
    position = start[:, None] + torch.minimum(position.clamp(min=0), length[:, None] - 1)
    return (1 - (position[:, :, None] - pixel).abs()).clamp_(min=0)


def _jitter(n: int, colour: bool, views: Views, rng: Generator) -> tuple[Tensor | None, Tensor | None]:
    """Draw the blends and the turn of hue of n images."""
    strengths = torch.tensor([views.brightness, views.contrast, views.saturation, views.hue])
    lower = torch.cat([(1 - strengths[:3]).clamp(min=0), -strengths[3:]])
    upper = torch.cat([1 + strengths[:3], strengths[3:]])
    factors = lower + (upper - lower) * torch.rand(n, 4, generator=rng)
    position = torch.rand(n, 4, generator=rng).argsort(1)  # of each change in the order of this image
    on = torch.rand(n, generator=rng) < views.jitter_probability
    kinds = [BRIGHTNESS, CONTRAST, SATURATION] if colour else [BRIGHTNESS, CONTRAST]
    if not (views.jitter_probability and any(strengths[kind] for kind in [*kinds, *([HUE] if colour else [])])):
        return None, None
    blends = torch.tensor([1.0, 0.0, 0.0]).repeat(n, SLOTS, 1)
    image = torch.arange(n)
    hue_at = position[:, HUE]
    for kind in kinds:
        at = position[:, kind]
        slot = torch.where(at < hue_at, at, at - hue_at - 1 + SLOTS // 2)
        blends[image, slot, 0] = torch.where(on, factors[:, kind], 1.0)
        blends[image, slot, 1] = float(kind == CONTRAST)
        blends[image, slot, 2] = float(kind == SATURATION)
    return blends, torch.where(on, factors[:, HUE], 0.0) if colour and views.hue else None


def jitter(
    images: Float[Tensor, "b c h w"], blends: Float[Tensor, "b slots 3"], hue: Float[Tensor, " b"] | None
) -> Float[Tensor, "b c h w"]:
    """Change brightness, contrast, saturation and hue of each image in its own order."""
    slots = blends.shape[1]
    for slot in range(slots):
        if hue is not None and slot == slots // 2:
            images = turn_hue(images, hue)
        factor, mean, own = blends[:, slot, :, None, None, None].unbind(1)
        grey = luma(images)
        # lerp is exact at factor 1.
        images = (grey * own).add_(grey.mean((2, 3), keepdim=True) * mean).lerp(images, factor).clamp_(0, 1)
    return images


def luma(images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 h w"]:
    """Return the grey version of colour images, and others as they are."""
    if images.shape[1] != 3:
        return images[:, :1]
    red, green, blue = images.split(1, dim=1)
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def turn_hue(images: Float[Tensor, "b 3 h w"], turns: Float[Tensor, " b"]) -> Float[Tensor, "b 3 h w"]:
    """Turn the hue in the hexagon of HSV, value and saturation unchanged; without branches, which cost 3x as much."""
    red, green, blue = images.unbind(1)
    high = torch.maximum(torch.maximum(red, green), blue)
    low = torch.minimum(torch.minimum(red, green), blue)
    chroma = high - low
    # From red (0) over green to cyan (3) the hue grows by whatever colour rises or falls; over blue it is negative.
    sextant = ((green + blue).sub_(red).sub_(low) / (chroma + 1e-12)).add_(1).copysign_(green - blue)
    sextant = sextant.add_(6 * turns[:, None, None])
    sextant = torch.sub(sextant, (sextant / 6).round_(), alpha=6)
    # What a colour lacks of the highest rises from none to all between one and two sextants away from it.
    centre = torch.arange(2.0, 8.0, 2.0, device=images.device).remainder_(6).sub_(2)[:, None, None]  # 0, 2, -2
    missing = (sextant[:, None] - centre).abs_().sub_(3).abs_().neg_().add_(2).clamp_(0, 1)
    turned = torch.addcmul(high[:, None], missing, chroma[:, None], value=-1)
    return images.lerp(turned, (turns != 0).to(images.dtype)[:, None, None, None])


def _taps(n: int, shortest: int, views: Views, rng: Generator) -> Tensor | None:
    """Draw sigmas and return one side of each kernel; an image that stays sharp has a one and zeros."""
    low, high = views.blur_sigma_min, views.blur_sigma_max
    sigma = low + (high - low) * torch.rand(n, generator=rng)
    on = torch.rand(n, generator=rng) < views.blur_probability
    return gaussian(torch.where(on, sigma, 0.0), radius(high, shortest)) if views.blur_probability else None


def radius(sigma_max: float, shortest: int) -> int:
    """Return where kernels are cut: at three of the largest sigma, and so that reflection stays inside the image."""
    return min(math.ceil(3 * sigma_max), shortest - 1)


def gaussian(sigma: Float[Tensor, " b"], reach: int) -> Float[Tensor, "b taps"]:
    """Return the kernels' sides, such that centre + 2 * rest = 1."""
    distance = torch.arange(reach + 1, dtype=torch.float32)
    weights = torch.exp(-0.5 * (distance / sigma.clamp(min=1e-6)[:, None]) ** 2)
    weights[weights < 1e-12] = 0  # subnormal numbers would slow the blur tenfold
    return weights / (2 * weights.sum(1, keepdim=True) - weights[:, :1])


def _blur(taps: Tensor, size: int) -> Tensor:
    """Return the matrices (b, size, size) that blur one axis, edges reflected."""
    b, count = taps.shape
    return (taps @ _reflections(count, size, taps.device)).view(b, size, size)


@lru_cache(maxsize=8)
def _reflections(count: int, size: int, device: torch.device) -> Tensor:
    """Return how often (0, 1 or 2) output pixel i takes input pixel j with tap t, as (t, i * size + j)."""
    table = torch.zeros(count, size, size)
    pixel = torch.arange(size)
    for tap in range(count):
        for shifted in {pixel + tap, pixel - tap} if tap else {pixel}:
            mirrored = shifted.abs()
            mirrored = torch.where(mirrored >= size, 2 * (size - 1) - mirrored, mirrored)
            table[tap, pixel, mirrored] += 1
    return table.view(count, -1).to(device)
