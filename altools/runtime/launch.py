"""Run a step as several processes that train one network together, one per GPU, by torch's elastic launcher.

When one process fails, the launcher stops the others and reports the first failure. When the job itself is killed, the
kernel kills the processes (on Linux).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import torch
from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure, record
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from altools.errors import UserError
from altools.runtime.device import configure_process, least_used, visible_names
from altools.runtime.job import perform
from altools.runtime.log import message

PACKAGE = Path(__file__).parents[2]
SET_PARENT_DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG


def launch(gpus: int, device: str, request: Mapping[str, Any]) -> None:
    """Run a step in ``gpus`` processes and wait for them.

    Args:
        gpus: number of processes.
        device: "auto" and "cuda" take a GPU each, the least used of the visible ones; "cpu" is for tests and slow.
        request: arguments of `altools.runtime.job.perform`, plain JSON values.

    Raises:
        UserError: there are fewer GPUs, or a process failed.
    """
    available = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device != "cpu" and available < gpus:
        raise UserError(f"gpus must be at most the number of usable GPUs here, {available}. Got {gpus}; lower it.")
    environment = {"PYTHONPATH": os.pathsep.join([str(PACKAGE), os.environ.get("PYTHONPATH", "")])}
    if device != "cpu":
        names = visible_names(available)
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(names[index] for index in least_used(available, gpus))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "request.json")
        kind = "cpu" if device == "cpu" else "cuda"
        file.write_text(json.dumps({"kind": kind, "log": _log_file(), "request": dict(request)}))
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=gpus,
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            logs_specs=DefaultLogsSpecs(log_dir=folder),
            max_restarts=0,
        )
        kept = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        try:
            elastic_launch(config, sys.executable)("-m", __name__, str(file))
        except ChildFailedError as error:
            raise UserError(_reason(error.get_first_failure()[1], gpus)) from None
        finally:
            for name, value in kept.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _log_file() -> str:
    """Return the path of the file that stdout is redirected to, or nothing."""
    name = getattr(sys.stdout, "name", "")
    return name if isinstance(name, str) and Path(name).is_file() else ""


def _reason(failure: ProcessFailure, gpus: int) -> str:
    """Return why the processes failed, in the words of the one that failed first."""
    if failure.exitcode < 0:
        return (
            f"one of {gpus} processes was killed from outside (signal {-failure.exitcode}); start the job again, it "
            "continues from its last checkpoint."
        )
    if not isinstance(failure.message, dict):  # it ended before it could report why
        return f"one of {gpus} processes ended with exit code {failure.exitcode}; see the log of the job."
    return str(failure.message["message"]).removeprefix("RuntimeError: ").removeprefix("Error: ")


@record
def main() -> None:
    """Run as one of the processes: perform the step, which joins the process group."""
    _die_with_parent()
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with ExitStack() as stack:
        if order["log"]:
            log = stack.enter_context(open(order["log"], "a", encoding="utf-8", buffering=1))
            stack.enter_context(redirect_stdout(log))
            stack.enter_context(redirect_stderr(log))
        try:
            configure_process(order["request"]["threads"])
            perform(**order["request"], process_group=order["kind"])
        except Exception as error:
            raise RuntimeError(message(error)) from error  # `record` reports it to the launcher
        torch.distributed.destroy_process_group()


def _die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() == 1:  # the parent died before
            raise SystemExit(1)


if __name__ == "__main__":
    main()
