"""Start a step as several processes that train one network together, one per GPU, by ``torchrun``.

When one of them dies, ``torchrun`` ends the others; when the job or ``torchrun`` dies, the kernel ends what they have
started (on Linux).
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from altools.device import least_used, settle, visible_names
from altools.errors import UserError
from altools.steps.job import sentence
from altools.training.ranks import Ranks

PACKAGE = Path(__file__).parents[2]
DIE_WITH_PARENT = 1  # prctl's PR_SET_PDEATHSIG
ERROR, LOST = "Error: ", "Lost: "
SIGNALLED = re.compile(r"exitcode\s*:\s*-\d")  # in torchrun's summary


def launch(step: str, gpus: int, device: str, arguments: Mapping[str, Any]) -> None:
    """Run a step in ``gpus`` processes and wait for them.

    Args:
        step: module and function, such as "train.train".
        gpus: number of processes.
        device: "auto" and "cuda" take a GPU each, the least used of those that are visible; "cpu" is for tests and
            slow.
        arguments: the function's keyword arguments, plain JSON values.

    Raises:
        UserError: there are fewer GPUs, or a process failed.
    """
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device != "cpu" and there < gpus:
        raise UserError(f"gpus must be at most the number of usable GPUs here, {there}. Got {gpus}; lower it.")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE), os.environ.get("PYTHONPATH", "")])}
    if device != "cpu":
        names = visible_names(there)
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(names[index] for index in least_used(there, gpus))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as request:
        json.dump({"step": step, "kind": "cpu" if device == "cpu" else "cuda", "arguments": dict(arguments)}, request)
        request.flush()
        command = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={gpus}", "-m", __name__]
        with subprocess.Popen(
            [sys.executable, *command, request.name],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_die_with_parent,
        ) as process:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                print(line, end="")  # into the job's log
                if line.startswith((ERROR, LOST)) or SIGNALLED.search(line):
                    lines.append(line)
        if process.returncode:
            raise UserError(_why(lines, gpus, process.returncode))


def _why(lines: Sequence[str], gpus: int, code: int) -> str:
    """Return what a user is told: a process's own error, else a signal, else what the others saw of the loss.

    Args:
        lines: what the processes and torchrun said of an end.
        gpus: number of processes.
        code: torchrun's.
    """
    own, seen = (
        next((line.removeprefix(said).strip() for line in lines if line.startswith(said)), "") for said in (ERROR, LOST)
    )
    signalled = code < 0 or any(SIGNALLED.search(line) for line in lines)
    if own or (seen and not signalled):
        return own or seen
    return (
        f"one of {gpus} processes was ended from outside (exit code {code}); start the job again, it goes on from its "
        "last checkpoint."
    )


def _die_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, by)


def main(request: str) -> int:
    """Be one of the processes."""
    _die_with_parent(signal.SIGKILL)  # a torchrun that was killed itself can end nobody
    if os.getppid() == 1:  # killed already
        return 1
    wanted = json.loads(Path(request).read_text(encoding="utf-8"))
    module, name = wanted["step"].split(".")
    try:
        arguments = wanted["arguments"]
        settle(arguments["threads"])
        ranks = Ranks.join(wanted["kind"])
        getattr(importlib.import_module(f"altools.steps.{module}"), name)(**arguments, ranks=ranks)
    except Exception as error:
        # Mostly another one is lost, and says why itself.
        other = isinstance(error, torch.distributed.DistError) or "by peer" in str(error)
        print(sentence(error).replace(ERROR, LOST, 1) if other else sentence(error), flush=True)
        if not isinstance(error, UserError):
            raise
        return 1
    torch.distributed.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
