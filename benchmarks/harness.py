"""Time two implementations of one task side by side and say by what factor ours is faster.

Both sides run in turn in the same process; the least of the repeats counts, because everything that disturbs a
measurement adds to it. Ratios carry over to other machines, seconds do not.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "torch",
    "torchvision",
    "snakemake",
    "numpy",
    "scipy",
    "pillow",
    "scikit-learn",
    "scikit-activeml",
    "batchbald-redux",
    "submodlib-py",
    "apricot-select",
    "foolbox",
)


@dataclass(frozen=True)
class Case:
    """One task: two callables without arguments that do the same work."""

    name: str
    ours: Callable[[], Any]
    peer: Callable[[], Any]
    peer_name: str
    goal: float
    """Least ratio of the peer's time to ours."""
    check: Callable[[Any, Any], str] | None = None
    """Compares both results: one line on how they agree; raises AssertionError where they must and do not."""
    repeats: int = 3


@dataclass(frozen=True)
class Result:
    """What one case measured."""

    name: str
    peer: str
    ours_s: float
    peer_s: float
    ratio: float
    goal: float
    reached: bool
    agreement: str
    repeats: int


def measure(case: Case) -> Result:
    """Time both sides in turn; the side that is much shorter runs up to five times per turn, within the peer's time."""
    ours_s = peer_s = float("inf")
    ours, peer = case.ours(), None
    for turn in range(case.repeats):
        gc.collect()
        seconds, peer = timed(case.peer)
        peer_s = min(peer_s, seconds)
        spent, runs = 0.0, 0
        while runs == 0 or (runs < 5 and spent < seconds / 4):
            once, ours = timed(case.ours)
            ours_s, spent, runs = min(ours_s, once), spent + once, runs + 1
        if turn == 0 and seconds < 1:  # imports and first-use set-up of the peer do not count where they could matter
            peer_s = min(peer_s, timed(case.peer)[0])
    agreement = "not compared"
    if case.check is not None:
        try:
            agreement = case.check(ours, peer)
        except AssertionError as error:
            agreement = f"DISAGREES: {error}"
    reached = peer_s / ours_s >= case.goal and not agreement.startswith("DISAGREES")
    return Result(
        case.name, case.peer_name, ours_s, peer_s, peer_s / ours_s, case.goal, reached, agreement, case.repeats
    )


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Run once with garbage collection off; return seconds and the result."""
    gc.disable()
    try:
        start = time.perf_counter()
        result = call()
        return time.perf_counter() - start, result
    finally:
        gc.enable()


def peak_gib(*, forget: bool = False) -> float:
    """Return the most memory this process has held; with ``forget``, count from what it holds now (Linux)."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024**2


def table(results: Sequence[Result]) -> str:
    """Return the results as a text table."""
    lines = [f"{'case':44} {'peer':18} {'ours s':>9} {'peer s':>9} {'ratio':>8} {'goal':>6}  agreement"]
    for row in results:
        mark = "" if row.reached else "  <-- below goal"
        lines.append(
            f"{row.name:44} {row.peer:18} {row.ours_s:9.4f} {row.peer_s:9.3f} {row.ratio:7.1f}x {row.goal:5.4g}x"
            f"  {row.agreement}{mark}"
        )
    return "\n".join(lines)


def write(topic: str, results: Sequence[Result]) -> Path:
    """Write results, hardware and versions as JSON; no date, so that a rerun changes numbers only."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{topic}.json"
    content = {
        "topic": topic,
        "machine": machine(),
        "versions": versions(),
        "results": [asdict(row) for row in results],
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


def machine() -> dict[str, Any]:
    """Describe what the numbers were measured on."""
    import torch

    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": f"{platform.system()} {platform.machine()}",
    }


def cpu_model() -> str:
    """Return the processor's name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages compared, where installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
