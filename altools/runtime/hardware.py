"""What this machine has, found out without torch: Snakemake asks at every parse."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from pathlib import Path

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Options of glibc's mallopt."""
OF_A_CLUSTER = (
    *("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "SGE_TASK_ID", "COBALT_JOBID", "_CONDOR_JOB_AD"),
    "KUBERNETES_SERVICE_HOST",
)
"""One of them is set in every job of a scheduler."""


def gpu_count() -> int:
    """Return how many NVIDIA GPUs a job here could use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([part for part in visible.split(",") if part.strip() not in ("", "-1")])
    listed = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
    # A container may show the devices only; Windows' Linux lists none.
    return listed or len(list(Path("/dev").glob("nvidia[0-9]*"))) or int(Path("/dev/dxg").exists())


def in_cluster() -> bool:
    """Whether this process is a job of a cluster, which has chosen its devices."""
    return any(name in os.environ for name in OF_A_CLUSTER)


@cache
def cpu_has(flag: str) -> bool:
    """Return whether the processor has an instruction set, by its name in Linux (False where that cannot be asked)."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    return any(flag in line.split() for line in lines if line.startswith("flags"))


def keep_freed_memory() -> None:
    """Let the C library keep what is freed, for the next tensor, where that can be asked (glibc).

    By default it returns every block above 32 MiB to the system at once and fetches the next one page by page, which
    costs a training step on large batches as much time as its arithmetic.
    """
    if sys.platform != "linux":
        return
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        change(MMAP_THRESHOLD, 1 << 30)
        change(TRIM_THRESHOLD, (1 << 31) - 1)
