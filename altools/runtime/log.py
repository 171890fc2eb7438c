"""Send what a job prints to its log, and turn exceptions into one-line errors."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path

from altools.errors import UserError
from altools.runtime.progress import use_terminal

GPU_FULL = ("CUDA error: out of memory", "ALLOC_FAILED", "Failed to CUDA calloc", "'out of memory'")
"""Fragments of out-of-memory messages from CUDA, cuBLAS and NCCL."""


@contextmanager
def logged(log: str, alone: bool = False) -> Iterator[None]:
    """Send what is printed to a log file, and end a failed job with one sentence for the user.

    Args:
        log: path of the log file.
        alone: the job has all cores to itself, so its progress may also appear on the terminal.

    Raises:
        SystemExit: the job failed; its log and stderr say why.
    """
    use_terminal(alone)
    try:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        with open(log, "w", encoding="utf-8", buffering=1) as handle, redirect_stdout(handle), redirect_stderr(handle):
            yield
    except Exception as error:  # of the step, or of a log on a full disk
        text = message(error)
        print(text, file=sys.__stderr__)
        with suppress(OSError), open(log, "a", encoding="utf-8") as handle:
            traceback.print_exception(error, file=handle)
            print(text, file=handle)
        raise SystemExit(1) from None


def message(error: Exception) -> str:
    """Return the sentence that tells a user about an error."""
    if isinstance(error, UserError):
        return f"Error: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"Error: {error.filename or 'a file'}: {error.strerror}; see the log."
    words = str(error)
    if type(error).__name__ == "OutOfMemoryError" or any(fragment in words for fragment in GPU_FULL):
        return (
            f"Error: the GPU must have room for this job. {words.splitlines()[0].rstrip('.')}. Let fewer jobs share it "
            "(resources: gpu in the profile), or lower recipe.batch_size or pretrain.batch_size."
        )
    if "busy or unavailable" in words:  # CUDA's words
        return (
            "Error: the GPU must accept this job. It is busy: another process holds it in exclusive mode; "
            "wait for that process, name another GPU in CUDA_VISIBLE_DEVICES, or set device: cpu."
        )
    if "Expected more than 1 value per channel" in words:  # BatchNorm's words
        return (
            "Error: a training batch must hold two images or more, because the network's last map is a single pixel. "
            "The last batch of an epoch, or a GPU's share of it, holds one; change recipe.batch_size, initial or "
            "budget."
        )
    if isinstance(error, MemoryError) or "can't allocate memory" in words:
        return "Error: the machine must have memory for this job. There is none left; let fewer jobs run (--cores)."
    return f"Error: {type(error).__name__}: {error} (a defect of this project, please report it with the log)"
