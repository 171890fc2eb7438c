"""``python -m benchmarks.job_overhead``: what a Snakemake job costs beside its computing, two at a time on two cores.

A small digits grid runs in a temporary copy. Of every query and train job, the seconds that its own artefacts count as
computing (epochs, signals, selection) are subtracted from the seconds Snakemake counts for the job; and the whole run's
wall time over its jobs says what the grid really pays. Of every other rule stand the seconds of a whole job, as
Snakemake's own records have them, and of every step those of importing it in a fresh interpreter, which the first job
of a run and every cluster job pay. Exits 1 when a query or train job costs more than `GOAL_S`.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from altools import storage
from benchmarks import harness

ROOT = Path(__file__).parents[1]
STEPS = sorted(path.stem for path in (ROOT / "altools/steps").glob("[a-z]*.py"))
CONFIG = """
seeds: [0, 1]
strategies: [random, margin, entropy, least_confidence]
datasets:
  - {name: digits, source: digits, train_images: 1437, initial: 50, budget: 50, rounds: 4, model: small_cnn,
     recipe: {epochs: 1}}
"""
GOAL_S = 0.9


def main() -> int:
    """Run the grid, print and write what its jobs cost."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        for name in ("Snakefile", "workflow", "altools", "profiles", "environment.yml"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, repository / name)
        (repository / "config").mkdir()
        (repository / "config/config.yaml").write_text(CONFIG)
        call(repository, "results/rounds/digits/standard/shared/seed0/round0/outputs.safetensors")
        call(repository, "results/rounds/digits/standard/shared/seed1/round0/outputs.safetensors")
        started = time.perf_counter()
        call(repository, "runs")
        wall_s = time.perf_counter() - started
        report = measure(repository / "results", wall_s)
        call(repository, "all")
        report["other_rules_median_s"] = other_rules(repository / ".snakemake/metadata", set(report["jobs"]))
    report["imports_s"] = {name: imported_s(name) for name in STEPS}
    report = {"topic": "job_overhead", "machine": harness.machine(), "versions": harness.versions(), **report}
    path = harness.RESULTS / "job_overhead.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    parts = {name: report[name] for name in ("jobs", "other_rules_median_s", "imports_s")}
    print(json.dumps(parts, indent=2), f"\n-> {path.relative_to(ROOT)}")
    return int(max(report["jobs"][f"{rule}_median_s"] for rule in ("query", "train")) > GOAL_S)


def call(repository: Path, target: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all", "--", target]
    subprocess.run(command, cwd=repository, env=environment, check=True, capture_output=True)


def measure(results: Path, wall_s: float) -> dict:
    """Return seconds per job beside its computing: median by rule, and of the whole run."""
    beside: dict[str, list[float]] = {"query": [], "train": []}
    computing_s = 0.0
    for rule, jobs in beside.items():
        for file in (results / "benchmarks" / rule).rglob("*.tsv"):
            folder = results / "rounds" / file.relative_to(results / "benchmarks" / rule).with_suffix("")
            computed = trained_s(folder) if rule == "train" else queried_s(folder)
            computing_s += computed
            jobs.append(seconds_of(file) - computed)
    count = sum(map(len, beside.values()))
    return {
        "jobs": {
            "count": count,
            "wall_s_per_job": (wall_s - computing_s / 2) / count * 2,
            **{f"{rule}_median_s": statistics.median(jobs) for rule, jobs in beside.items()},
        },
    }


def other_rules(records: Path, known: set[str]) -> dict[str, float]:
    """Return the median seconds of a job by rule, from the record that Snakemake keeps of every output."""
    jobs: dict[str, set[tuple[float, float]]] = {}
    for file in records.iterdir():
        record = json.loads(file.read_text(encoding="utf-8"))
        if f"{record['rule']}_median_s" not in known:
            jobs.setdefault(record["rule"], set()).add((record["starttime"], record["endtime"]))
    return {rule: statistics.median(end - start for start, end in times) for rule, times in sorted(jobs.items())}


def seconds_of(file: Path) -> float:
    """Return the seconds that Snakemake counted for a job."""
    with open(file, encoding="utf-8") as handle:
        return float(next(csv.DictReader(handle, delimiter="\t"))["s"])


def imported_s(step: str) -> float:
    """Return the seconds of importing a step, the least of three, without those of starting Python."""
    code = f"import time; start = time.perf_counter(); import altools.steps.{step}; print(time.perf_counter() - start)"
    command = [sys.executable, "-c", code]
    runs = (subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True) for _ in range(3))
    return min(float(run.stdout) for run in runs)


def trained_s(folder: Path) -> float:
    return float(storage.read_columns(folder / "history.parquet", ["wall_s"])["wall_s"].sum())


def queried_s(folder: Path) -> float:
    notes = storage.read_json(folder / "query.json")
    return notes["signals_s"] + notes["select_s"]


if __name__ == "__main__":
    sys.exit(main())
