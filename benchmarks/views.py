"""Two views of CIFAR-sized images: made on the device in batch, against torchvision per image in loader workers."""

from __future__ import annotations

import random

import torch
from PIL import Image, ImageFilter
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from altools.config.recipes import Views
from altools.training.views import ViewDraws, view
from benchmarks.harness import Case

IMAGES = 4096
BATCH = 512
CORES = 2
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


class Blur:
    """The paper's: Pillow's Gaussian blur of a random radius."""

    def __call__(self, image: Image.Image) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(0.1, 2.0)))


class TwoViews(Dataset):
    """Decoded images, and torchvision's transforms in the order of the SimSiam paper."""

    def __init__(self, pixels: torch.Tensor) -> None:
        self.images = [Image.fromarray(image) for image in pixels.permute(0, 2, 3, 1).numpy()]
        self.change = transforms.Compose(
            [
                transforms.RandomResizedCrop(32, scale=(0.2, 1.0)),
                transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
                transforms.RandomGrayscale(p=0.2),
                transforms.RandomApply([Blur()], p=0.5),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.change(self.images[row]), self.change(self.images[row])


def cases() -> list[Case]:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(CORES)
    rng = torch.Generator().manual_seed(0)
    coarse = torch.rand(IMAGES, 3, 5, 5, generator=rng)
    pixels = (torch.nn.functional.interpolate(coarse, size=32, mode="bicubic").clamp(0, 1) * 255).to(torch.uint8)
    loader = DataLoader(
        TwoViews(pixels),
        batch_size=BATCH,
        shuffle=True,
        drop_last=True,
        num_workers=CORES,
        persistent_workers=True,
    )
    on_device = pixels.to(device)
    mean, std = (torch.tensor(values, device=device).reshape(3, 1, 1) for values in (MEAN, STD))

    def ours() -> torch.Tensor:
        total = torch.zeros(2, device=device)
        order = torch.randperm(IMAGES, generator=rng).to(device)
        first, second = (ViewDraws.draw(IMAGES, (3, 32, 32), Views(), rng).to(device) for _ in range(2))
        for start in range(0, IMAGES, BATCH):
            part = slice(start, start + BATCH)
            batch = on_device[order[part]]
            for draws in (first, second):
                total += moments((view(batch, draws[part]) - mean) / std)
        return total.cpu() / (2 * IMAGES / BATCH)

    def peer() -> torch.Tensor:
        total = torch.zeros(2, device=device)
        for batch in loader:
            for images in batch:
                total += moments(images.to(device))
        return total.cpu() / (2 * len(loader))

    name = f"two views of {IMAGES} RGB 32x32, {CORES} cores, {device.type}"
    return [Case(name, ours, peer, "torchvision loader", goal=5, check=alike)]


def moments(images: torch.Tensor) -> torch.Tensor:
    return torch.stack([images.mean(), images.std()])


def alike(ours: torch.Tensor, peer: torch.Tensor) -> str:
    assert (ours - peer).abs().max() < 0.03, f"mean and std {ours.tolist()} against {peer.tolist()}"
    return f"mean {ours[0]:.3f} ({peer[0]:.3f}), std {ours[1]:.3f} ({peer[1]:.3f})"
