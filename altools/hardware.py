"""What this machine has, found out without torch: Snakemake asks at every parse."""

from __future__ import annotations

import os
from pathlib import Path


def gpu_count() -> int:
    """Return how many NVIDIA GPUs a job here could use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([part for part in visible.split(",") if part.strip() not in ("", "-1")])
    return len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
