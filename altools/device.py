"""Where a job computes: the GPU when there is one, the CPU otherwise; and how many CPU threads it takes."""

from __future__ import annotations

import torch

from altools.errors import UserError


def choose(wanted: str, threads: int) -> torch.device:
    """Return the device of this job and bound its CPU threads.

    Args:
        wanted: "auto", "cpu" or "cuda".
        threads: CPU threads of this job.

    Raises:
        UserError: a GPU is wanted and there is none.
    """
    torch.set_num_threads(threads)
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError("device must be 'auto' or 'cpu' here: it is 'cuda', and this machine has no usable GPU.")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def describe(device: torch.device) -> str:
    """Return the device's name for an artefact's provenance."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
