"""Choose the device of a job, the GPU when there is one, and configure its process.

Snakemake counts how many jobs may use GPUs at the same time (the resource ``gpu``), but not which GPU each job takes.
So every job holds a file lock, its place on a GPU, until it ends. Jobs spread evenly over the GPUs of a machine, and
the kernel frees the place of a job that dies. A job that sees one GPU only, as under a scheduler, takes that one.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import IO

import torch

from altools.errors import UserError
from altools.runtime.hardware import gpu_count, keep_freed_memory

_places: list[IO[str]] = []
"""Locks of this process; they last as long as it does."""


def choose(wanted: str, threads: int) -> torch.device:
    """Return the device of this job, and set up this process for it: CPU threads and memory.

    Args:
        wanted: "auto", "cpu" or "cuda".
        threads: CPU threads of this job.

    Raises:
        UserError: a GPU is wanted and there is none.
    """
    configure_process(threads)
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError("device must be 'auto' or 'cpu' here: it is 'cuda', and this machine has no usable GPU.")
    if wanted == "cpu" or not torch.cuda.is_available():
        if wanted == "auto" and gpu_count():
            print(
                "This machine has a GPU that torch cannot use (a driver too old?): computing on the CPU.",
                file=sys.stderr,
            )
        return torch.device("cpu")
    device = torch.device("cuda", least_used(torch.cuda.device_count())[0])
    torch.cuda.set_device(device)
    return device


def configure_process(threads: int) -> None:
    """Set the CPU threads and the memory allocator of this process, and switch TF32 off."""
    torch.set_num_threads(threads)
    keep_freed_memory()
    torch.backends.cudnn.conv.fp32_precision = "ieee"  # type: ignore[attr-defined]  # TF32 by default


def least_used(devices: int, wanted: int = 1) -> list[int]:
    """Take a place on each of the GPUs that have the fewest jobs, and hold them for the life of this process.

    Args:
        devices: number of visible GPUs.
        wanted: how many of them to take, each another one.
    """
    if devices == 1:
        return [0]
    names = visible_names(devices)
    taken: list[int] = []
    folder = Path(tempfile.gettempdir()) / f"altools-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for row, index in ((row, index) for row in itertools.count() for index in range(devices)):
        if index in taken:
            continue
        place = (folder / f"gpu{names[index]}.{row}.lock").open("w")
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            place.close()
            continue
        _places.append(place)
        taken.append(index)
        if len(taken) == wanted:
            return sorted(taken)
    raise AssertionError("an endless search ended")


def visible_names(devices: int) -> list[str]:
    """Return the names that CUDA_VISIBLE_DEVICES knows the visible GPUs by, in their order."""
    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    # What follows a name that CUDA does not know is not visible.
    return named[:devices] if len(named) >= devices else [str(index) for index in range(devices)]


def peak_memory_mb(device: torch.device) -> float:
    """Return the most memory this process has held, in MiB: the GPU's where it computes there, else the machine's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def describe(device: torch.device) -> str:
    """Return the device's name for an artefact's provenance."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
