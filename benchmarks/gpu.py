"""``python -m benchmarks.gpu``: training and prediction on a GPU, alone and several jobs at a time.

One job against the loop of the paper's code on the same GPU, then 1 to 16 jobs at once, each a process of its own as
Snakemake starts them. Steps per second come from the epochs after the first, which captures the graph.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import threading
from collections.abc import Callable

import torch

from altools import models
from altools.device import settle
from altools.rng import stream
from altools.training import supervised
from altools.training.recipe import Augmentation, Recipe
from altools.training.supervised import History
from benchmarks import harness, loops
from benchmarks.training import patterns, prediction

LABELS, BATCH = 10_000, 20
JOBS = (1, 2, 4, 8, 16)
GOAL_ONE, GOAL_ALL, GOAL_PREDICTION = 8, 25, 20


def main() -> int:
    """Measure, print and write; exit 1 where a goal is missed or there is no GPU."""
    if not torch.cuda.is_available():
        print("There is no GPU here.", file=sys.stderr)
        return 1
    settle(torch.get_num_threads())  # as every job does, for both sides
    loop = steps_per_s(loops.train, 2)
    one = steps_per_s(supervised.train, 4)
    rows = {"loop": loop, "one job": one}
    for jobs in JOBS:
        rows[f"{jobs} jobs"] = together(jobs)
    best = max(rows[f"{jobs} jobs"] for jobs in JOBS)
    for name, rate in rows.items():
        print(f"{name:10} {rate:10.0f} steps/s {rate / loop:7.1f}x")
    asked = harness.measure(prediction(torch.device("cuda"), 45_000, GOAL_PREDICTION))
    print(harness.table([asked]))
    content = {
        **{"topic": "gpu", "machine": harness.machine(), "versions": harness.versions()},
        **{"steps_per_s": rows, "one_ratio": one / loop, "all_ratio": best / loop, "prediction_ratio": asked.ratio},
    }
    (harness.RESULTS / "gpu.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0 if one / loop >= GOAL_ONE and best / loop >= GOAL_ALL and asked.reached else 1


def steps_per_s(train: Callable[..., History], epochs: int) -> float:
    """Return the rate of the epochs after the first; ResNet-18 with the CIFAR stem, crop and flip."""
    images, labels = patterns(LABELS, torch.device("cuda"))
    recipe = Recipe(epochs=epochs, augmentation=Augmentation(crop_padding=4, horizontal_flip=True))
    model = models.build("resnet18", 3, 10, stream(0, "weights"), stem="cifar").cuda()
    rows = torch.arange(LABELS)
    history = train(model, images, labels, rows, recipe, lambda epoch: stream(0, f"epoch {epoch}"))
    torch.cuda.synchronize()
    return (epochs - 1) * (LABELS // BATCH) / sum(history.wall_s[1:])


def together(jobs: int) -> float:
    """Return the steps per second of several processes in all; they begin at the same time and do the same."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, context.Pool(jobs) as pool:
        start = manager.Barrier(jobs, timeout=600)  # one that failed would leave the others waiting
        return sum(pool.map(_one, [start] * jobs, chunksize=1))


def _one(start: threading.Barrier) -> float:
    settle(1)
    steps_per_s(supervised.train, 2)  # libraries loaded, the context made
    start.wait()
    return steps_per_s(supervised.train, 4)


if __name__ == "__main__":
    sys.exit(main())
