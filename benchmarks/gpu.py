"""``python -m benchmarks.gpu``: training and prediction on a GPU, alone and several jobs at a time.

One job against the loop of the paper's code on the same GPU, then 1 to 16 jobs at once, each a process of its own as
Snakemake starts them, and the same under NVIDIA's MPS where its daemon can be started. Steps per second come from the
epochs after the first, which captures the graph; of several jobs, from the first to begin to the last to end.
Prediction is measured as jobs do it, in float32, and with TF32, which they do not use (decision 7).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import torch

from altools import models
from altools.config.recipes import Augmentation, ModelSpec, Recipe
from altools.rng import stream
from altools.runtime.device import configure_process
from altools.training import supervised
from altools.training.fit import History
from benchmarks import harness, loops
from benchmarks.training import patterns, prediction

LABELS, BATCH = 10_000, 20
JOBS = (1, 2, 4, 8, 16)
GOAL_ONE, GOAL_ALL, GOAL_PREDICTION = 8, 25, 20
LOOP = "loader loop, fp16, a synchronisation per step"


def main() -> int:
    """Measure, print and write; exit 1 where a goal is missed or there is no GPU."""
    if not torch.cuda.is_available():
        print("There is no GPU here.", file=sys.stderr)
        return 1
    configure_process(torch.get_num_threads())  # as every job does, for both sides
    theirs, ours = trained(loops.train, 2), trained(supervised.train, 4)
    loop, one = steps_per_s(theirs), steps_per_s(ours)
    rates = {"loop": loop, "one job": one}
    for jobs in JOBS:
        rates[f"{jobs} jobs"] = together(jobs)
    with mps() as environment:
        for jobs in JOBS if environment else ():
            rates[f"{jobs} jobs, MPS"] = together(jobs, environment)
    best = max((name for name in rates if "jobs" in name), key=rates.__getitem__)
    for name, rate in rates.items():
        print(f"{name:14} {rate:10.0f} steps/s {rate / loop:7.1f}x")
    second = [history.columns["accuracy"][1] for history in (ours, theirs)]
    agreement = f"accuracy of the second epoch {second[0]:.3f} against {second[1]:.3f}"
    results = [
        row("ResNet-18 steps on a GPU, one job", LOOP, one / loop, GOAL_ONE, agreement),
        row(f"ResNet-18 steps on a GPU, {best}", LOOP, rates[best] / loop, GOAL_ALL, ""),
    ]
    asked = harness.measure(prediction(torch.device("cuda"), 45_000, GOAL_PREDICTION))
    results.append(row(asked.name, asked.peer, asked.ratio, GOAL_PREDICTION, asked.agreement))
    torch.backends.cudnn.conv.fp32_precision = "tf32"  # type: ignore[attr-defined]
    other = harness.measure(prediction(torch.device("cuda"), 45_000, GOAL_PREDICTION))
    print(harness.table([asked, other]))
    content = {
        **{"topic": "gpu", "machine": harness.machine(), "versions": harness.versions()},
        **{"mps": environment is not None, "steps_per_s": rates, "results": results},
        "prediction_with_tf32": {"ratio": other.ratio, "agreement": other.agreement},
    }
    (harness.RESULTS / "gpu.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0 if all(result["reached"] for result in results) else 1


def row(name: str, peer: str, ratio: float, goal: float, agreement: str) -> dict[str, object]:
    """Return a row of the README's table."""
    reached = ratio >= goal and not agreement.startswith("DISAGREES")
    return {"name": name, "peer": peer, "ratio": ratio, "goal": goal, "reached": reached, "agreement": agreement}


def trained(train: Callable[..., History], epochs: int) -> History:
    """Train ResNet-18 with the CIFAR stem, crop and flip; the history ends when the GPU has."""
    images, labels = patterns(LABELS, torch.device("cuda"))
    recipe = Recipe(epochs=epochs, augmentation=Augmentation(crop_padding=4, horizontal_flip=True))
    model = models.build(ModelSpec(name="resnet18", options={"stem": "cifar"}), 3, 10, stream(0, "weights")).cuda()
    history = train(model, images, labels, torch.arange(LABELS), recipe, lambda epoch: stream(0, f"epoch {epoch}"))
    torch.cuda.synchronize()
    return history


def steps_per_s(history: History) -> float:
    """Return the rate of the epochs after the first."""
    seconds = history.columns["wall_s"][1:]
    return len(seconds) * (LABELS // BATCH) / sum(seconds)


def together(jobs: int, environment: Mapping[str, str] | None = None) -> float:
    """Return the steps per second of several processes in all; they begin at the same time and do the same."""
    context = multiprocessing.get_context("spawn")
    with mock.patch.dict(os.environ, environment or {}), context.Manager() as manager, context.Pool(jobs) as pool:
        start = manager.Barrier(jobs, timeout=300)  # one that failed would leave the others waiting
        begins, ends, steps = zip(*pool.map(_one, [start] * jobs, chunksize=1), strict=True)
    return sum(steps) / (max(ends) - min(begins))


def _one(start: threading.Barrier) -> tuple[float, float, int]:
    configure_process(1)
    trained(supervised.train, 2)  # libraries loaded, the context made
    start.wait()
    history = trained(supervised.train, 4)
    end = time.perf_counter()  # one clock for all processes
    seconds = history.columns["wall_s"][1:]
    return end - sum(seconds), end, len(seconds) * (LABELS // BATCH)


@contextmanager
def mps() -> Iterator[dict[str, str] | None]:
    """Start an MPS daemon of our own; give the environment of its clients, or None where there can be none."""
    control = shutil.which("nvidia-cuda-mps-control")
    with tempfile.TemporaryDirectory() as folder:
        places = {name: str(Path(folder, name)) for name in ("CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY")}
        for place in places.values():
            Path(place).mkdir()
        environment = {**os.environ, **places}
        if control is None or subprocess.run([control, "-d"], env=environment, check=False).returncode:
            print("No MPS here: nvidia-cuda-mps-control is not there or does not start.", file=sys.stderr)
            yield None
            return
        try:
            probe = [sys.executable, "-c", "import torch; torch.zeros(1).cuda()"]
            works = not subprocess.run(probe, env=environment, check=False, timeout=120).returncode
            yield places if works else None
        finally:
            subprocess.run([control], input="quit\n", text=True, env=environment, check=False)


if __name__ == "__main__":
    sys.exit(main())
