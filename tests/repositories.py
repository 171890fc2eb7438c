"""Copies of the repository with a tiny config, and how to call Snakemake in them."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = [
    "Snakefile",
    "workflow",
    "altools",
    "snakemake_logger_plugin_altools",
    "profiles",
    "config",
    "environment.yml",
    "Makefile",
    "pyproject.toml",
    "README.md",
]

TINY = """
results: results
seeds: [0, 1]
settings: [standard]
strategies: [random, margin]
datasets:
  - name: digits
    source: digits
    train_images: 1437
    initial: 30
    budget: 30
    rounds: 3
    model: small_cnn
    model_options: {filters: 4, width: 16}
    recipe: {epochs: 2, learning_rate: 0.1}
"""


class Repository:
    """A copy of the repository and how to call Snakemake in it."""

    def __init__(self, path):
        self.path = path

    def snakemake(self, *arguments, check=True, **environment):
        command = [sys.executable, "-m", "snakemake", *arguments]
        done = subprocess.run(
            command,
            cwd=self.path,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(self.path),
                "OMP_NUM_THREADS": "1",
                "CUDA_VISIBLE_DEVICES": "",
                **environment,
            },
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}\n{done.stderr[-6000:]}")
        return done

    def run(self, *targets, cores=2, check=True, **environment):
        return self.snakemake("--cores", str(cores), *targets, check=check, **environment)

    def planned(self, *arguments):
        """Return the dry run's job counts by rule."""
        done = self.snakemake("-n", *arguments)
        output = done.stdout + done.stderr
        if "Nothing to be done" in output:
            return {}
        table = output.rsplit("Job stats:", 1)[1]
        counts = dict(re.findall(r"^(\w+) +(\d+)$", table.split("total", 1)[0], re.MULTILINE))
        return {rule: int(count) for rule, count in counts.items()}

    def drawn(self, *arguments):
        """Return the figures that the dry run would draw, by name, with their numbers."""
        done = self.snakemake("-n", *arguments)
        paths = set(re.findall(r"/figures/(\S+)\.svg", done.stdout + done.stderr))
        return Counter(path.rpartition("/")[2] for path in paths)

    def curves(self):
        """Return the bytes of every curve, by path."""
        return {p.relative_to(self.path): p.read_bytes() for p in sorted(self.path.glob("results/curves/**/*.parquet"))}


def copy_repository(target, config=TINY):
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    (target / "config/config.yaml").write_text(config)
    return Repository(target)


def copy_finished(finished, target):
    """Copy a repository with its results, their times and Snakemake's notes on them."""
    shutil.copytree(finished.path, target, symlinks=True)
    return Repository(target)


def wait_for(condition, what, seconds=60, log=None):
    """Wait until something holds; fail with its name, and a log, when it does not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}\n{log.read_text() if log else ''}"
        time.sleep(0.1)
