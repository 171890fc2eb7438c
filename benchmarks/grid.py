"""``python -m benchmarks.grid``: the demo's grid, against the same grid with the loader loop and a process per step.

Both run the same rules on the same config in copies of the repository, with two cores; the other copy trains by
`benchmarks.loops` and every job imports torch for itself. ``--seeds 1`` shortens both. The loops draw other batches, so
their accuracies are compared in the mean of all runs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks import harness

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "workflow", "altools", "profiles", "config", "benchmarks", "environment.yml")
GOAL = 3
ALIKE = 0.01
"""Largest difference of the mean accuracies of both sides."""


def main() -> int:
    """Measure, print and write; exit 1 where the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grid", description=__doc__)
    parser.add_argument("--seeds", default="1", help="as for snakemake --config")
    seeds = parser.parse_args().seeds
    with tempfile.TemporaryDirectory() as folder:
        ours, other = (copied(Path(folder) / name) for name in ("ours", "other"))
        with (other / "altools/training/supervised.py").open("a") as module:
            module.write("\n\nfrom benchmarks.loops import train  # noqa\n")
        ours_s = run(ours, seeds, warm=True)
        other_s = run(other, seeds, warm=False)
        ours_accuracy, other_accuracy = last_accuracies(ours), last_accuracies(other)
    ratio = other_s / ours_s
    means = ours_accuracy.mean(), other_accuracy.mean()
    alike = ours_accuracy.index.equals(other_accuracy.index) and abs(means[0] - means[1]) <= ALIKE
    agreement = f"mean last accuracy of {len(ours_accuracy)} runs {means[0]:.3f} against {means[1]:.3f}"
    agreement = agreement if alike else f"DISAGREES: {agreement}"
    print(f"ours {ours_s:.0f} s, loader loop and a process per step {other_s:.0f} s: {ratio:.1f}x (goal {GOAL}x)")
    print(agreement)
    content = {"topic": "grid", "machine": harness.machine(), "versions": harness.versions(), "seeds": seeds}
    name = f"the demo's grid, {seeds.count(',') + 1} seed"
    reached = ratio >= GOAL and alike
    result = {"name": name, "peer": "loader loop, a process per step", "ours_s": ours_s, "peer_s": other_s}
    result |= {"ratio": ratio, "goal": GOAL, "reached": reached, "agreement": agreement}
    content |= {"results": [result]}
    (harness.RESULTS / "grid.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0 if reached else 1


def copied(target: Path) -> Path:
    """Copy what a run needs."""
    target.mkdir()
    for name in PARTS:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, target / name)
    return target


def run(repository: Path, seeds: str, *, warm: bool) -> float:
    """Return the seconds of the whole grid."""
    environment = {**os.environ, "PYTHONPATH": str(repository), "ALTOOLS_WARM": str(int(warm))}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all", "--config", f"seeds={seeds}"]
    started = time.perf_counter()
    subprocess.run(command, cwd=repository, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def last_accuracies(repository: Path) -> pd.Series:
    """Return the accuracy of the last round of every run."""
    curves = pd.concat([pd.read_parquet(path) for path in sorted(repository.glob("results/curves/*/*/*.parquet"))])
    accuracy = curves[curves["metric"] == "accuracy"].set_index(["setting", "strategy", "seed"])
    return accuracy[accuracy["round"] == accuracy["round"].max()]["value"].sort_index()


if __name__ == "__main__":
    sys.exit(main())
