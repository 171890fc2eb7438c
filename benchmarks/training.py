"""Training and prediction on the CPU against the loader loop, and ResNet-18 against plain float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from altools import models
from altools.config.recipes import Augmentation, ModelSpec, Recipe
from altools.data.images import Images
from altools.rng import stream
from altools.runtime.hardware import cpu_has
from altools.training import supervised
from altools.training.fit import History
from altools.training.predict import predict
from benchmarks import loops
from benchmarks.harness import Case

CPU = torch.device("cpu")
THREADS = torch.get_num_threads()


def cases() -> list[Case]:
    """Return the tasks and goals of this topic."""
    made = [digits(), prediction(CPU, 3000, 1)]
    if cpu_has("avx512_bf16"):
        made.append(resnet())
    return made


@cache
def handwriting() -> tuple[Images, Tensor]:
    """Return scikit-learn's digits."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = torch.from_numpy((data.images * 255 / 16).astype("uint8"))[:, None]
    return Images.on(CPU, pixels, [0.3], [0.37]), torch.from_numpy(data.target).long()


@cache
def patterns(n: int, device: torch.device, classes: int = 10) -> tuple[Images, Tensor]:
    """Return noisy RGB 32x32 images of ten patterns."""
    rng = torch.Generator().manual_seed(0)
    labels = torch.randint(0, classes, (n,), generator=rng)
    base = torch.randint(0, 160, (classes, 3, 32, 32), generator=rng)
    pixels = (base[labels] + torch.randint(0, 96, (n, 3, 32, 32), generator=rng)).to(torch.uint8)
    return Images.on(device, pixels, [0.5] * 3, [0.25] * 3), labels.to(device)


def one_thread(call: Callable[[], Any]) -> Any:
    """Run with one thread, as the config asks for tiny networks."""
    torch.set_num_threads(1)
    try:
        return call()
    finally:
        torch.set_num_threads(THREADS)


def digits(labels: int = 250, epochs: int = 10) -> Case:
    """The demo's network and recipe on 250 images."""
    images, classes = handwriting()
    recipe = Recipe(epochs=epochs, learning_rate=0.1)

    def run(train: Callable[..., History]) -> History:
        model = models.build(ModelSpec(name="small_cnn"), 1, 10, stream(0, "weights"))
        return train(model, images, classes, torch.arange(labels), recipe, lambda epoch: stream(0, f"epoch {epoch}"))

    return Case(
        f"small CNN, digits, batch 20, {labels} images x {epochs}",
        partial(one_thread, partial(run, supervised.train)),
        partial(run, loops.train),
        "DataLoader, 4 workers",
        10,
        same_ending,
    )


def same_ending(mine: History, theirs: History) -> str:
    ours, others = mine.columns["accuracy"], theirs.columns["accuracy"]
    assert abs(ours[-1] - others[-1]) < 0.05, (ours, others)
    return f"last accuracy {ours[-1]:.3f} against {others[-1]:.3f}"


def resnet(labels: int = 400) -> Case:
    """ResNet-18 with the CIFAR stem at batch 20, one epoch: images from memory on both sides."""
    images, classes = patterns(labels, CPU)
    recipe = Recipe(epochs=1, augmentation=Augmentation(crop_padding=4, horizontal_flip=True))
    rows = torch.arange(labels)

    def built() -> models.Classifier:
        return models.build(ModelSpec(name="resnet18", options={"stem": "cifar"}), 3, 10, stream(0, "weights"))

    def ours() -> float:
        history = supervised.train(built(), images, classes, rows, recipe, lambda epoch: stream(0, f"epoch {epoch}"))
        return history.columns["loss"][0]

    def plain() -> float:
        model = built()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
        rng = stream(0, "epoch 0")
        order = rows[torch.randperm(labels, generator=rng)]
        draws = supervised.Draws.draw(labels, recipe.augmentation, rng)
        total = 0.0
        model.train()
        for start in range(0, labels, 20):
            part = slice(start, start + 20)
            loss = F.cross_entropy(model(images.batch(order[part], draws[part])).logits, classes[order[part]])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(order[part])
        return total / labels

    def check(mine: float, theirs: float) -> str:
        assert abs(mine / theirs - 1) < 0.02, f"loss {mine:.4f} against {theirs:.4f}"
        return f"loss of the epoch {mine:.4f} against {theirs:.4f}"

    return Case(f"ResNet-18 32 px, batch 20, CPU with bf16, {labels} images", ours, plain, "eager float32", 1.7, check)


def prediction(device: torch.device, n: int, goal: float) -> Case:
    """Logits and embeddings of a pool by ResNet-18."""
    images, _ = patterns(n, device)
    model = (
        models.build(ModelSpec(name="resnet18", options={"stem": "cifar"}), 3, 10, stream(0, "weights"))
        .to(device)
        .eval()
    )

    def check(mine: Any, theirs: Any) -> str:
        error = float((mine.logits - theirs.logits).abs().max())
        assert error < 1e-2, error
        return f"largest difference of a logit {error:.1e}"

    def done(outputs: Any) -> Any:
        if device.type == "cuda":
            torch.cuda.synchronize()
        return outputs

    return Case(
        f"prediction, ResNet-18, {n:,} images, {device.type}",
        lambda: done(predict(model, images)),
        lambda: done(loops.predict(model, images)),
        "batch 20, 4 workers",
        goal,
        check,
    )
