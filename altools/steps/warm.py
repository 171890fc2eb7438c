"""Run a step in a process that has its imports behind it: a small server that forks itself for every job.

Importing torch costs a job about a second, more than a round on small images. The first job of a run starts the
server and computes by itself; the next ones hand their step over. A forked child works in the caller's folder and
environment and writes to the caller's log; it dies when the caller does. The server goes when nothing has come for
`IDLE_S`.

Only on Linux, and not inside a cluster job, which the server would outlive; ``ALTOOLS_WARM=0`` switches it off. Results
do not depend on it. Knows nothing about what the steps do, and imports no torch itself.
"""

from __future__ import annotations

import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from altools.hardware import in_cluster
from altools.steps.job import job

IDLE_S = 20.0
LONGEST_ADDRESS = 107  # bytes, of the kernel
PRELOADED = (
    *("train", "query", "predict", "curves", "statistics", "figures"),
    *("pyarrow.parquet", "safetensors.torch", "altools.metrics.classification", "altools.metrics.calibration"),
)
PACKAGE = Path(__file__).parents[1]


def run(step: str, *, log: str, alone: bool = False, **arguments: Any) -> None:
    """Run a function of `altools.steps` as a job, by a server if one is there, else here.

    Args:
        step: module and function, such as "train.train".
        log: the job's log file.
        alone: the job has all cores to itself (`altools.steps.job.job`).
        arguments: the function's keyword arguments, plain JSON values.

    Raises:
        SystemExit: the job failed, and has said why in its log and on stderr.
    """
    connection = _connect() if usable() else None
    if connection is None:
        _here(step, log, alone, arguments)
        return
    with connection:
        try:
            _hand_over(connection, {"step": step, "log": log, "alone": alone, "arguments": arguments})
        except OSError:  # the server has gone before it knew what to do
            _here(step, log, alone, arguments)
            return
        _end_alike(connection, log)


def in_words(wildcards: Mapping[str, str]) -> str:
    """Say which job this is, for its messages."""
    return ", ".join(f"{name} {value}" for name, value in wildcards.items())


def usable() -> bool:
    """Whether jobs here may be handed to a server."""
    return sys.platform == "linux" and not in_cluster() and os.environ.get("ALTOOLS_WARM", "1") != "0"


def _here(step: str, log: str, alone: bool, arguments: Mapping[str, Any]) -> None:
    module, name = step.split(".")
    with job(log, alone):
        getattr(importlib.import_module(f"altools.steps.{module}"), name)(**arguments)


def _hand_over(connection: socket.socket, request: Mapping[str, Any]) -> None:
    """Let a child of the server do the job."""
    place = {"folder": os.getcwd(), "environment": dict(os.environ), "path": sys.path}
    socket.send_fds(connection, [b"."], [1, 2])
    connection.sendall(json.dumps({**request, **place}).encode() + b"\n")


def _end_alike(connection: socket.socket, log: str) -> None:
    """Wait for the child, and end as it ended."""
    try:
        answer = connection.makefile("rb").readline().strip()
    except OSError:
        answer = b""
    if answer != b"0":
        if not answer:
            print(f"Error: the process of this job was ended from outside; see {log}.", file=sys.stderr)
        raise SystemExit(1)


def _connect() -> socket.socket | None:
    """Return a connection to the server of this user, interpreter and code; start one where there is none."""
    folder = Path(tempfile.gettempdir()) / f"altools-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        return None
    address = folder / f"{_key()}.sock"
    if len(os.fsencode(address)) > LONGEST_ADDRESS:
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(address))
    except OSError:
        connection.close()
        _start(address)
        return None
    return connection


def _key() -> str:
    """Name the interpreter, the package's files as they are now, and the devices that are visible."""
    files = sorted((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in PACKAGE.rglob("*.py"))
    key = [sys.executable, os.environ.get("CUDA_VISIBLE_DEVICES"), files]
    return blake2b(json.dumps(key).encode(), digest_size=8).hexdigest()


def _start(address: Path) -> None:
    """Start the server in a session of its own; of two started at once the later one takes the address."""
    subprocess.Popen(
        [sys.executable, "-m", "altools.steps.warm", str(address)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def serve(address: Path) -> None:
    """Import what the steps need, then fork for every connection until none has come for `IDLE_S`."""
    for name in PRELOADED:
        importlib.import_module(name if "." in name else f"altools.steps.{name}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children; the kernel buries them
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        unnamed = address.with_name(str(os.getpid()))  # shorter than the address
        listener.bind(str(unnamed))
        listener.listen(64)
        own = unnamed.stat().st_ino
        os.replace(unnamed, address)  # whoever finds the address finds somebody listening
        selector.register(listener, selectors.EVENT_READ)
        while selector.select(IDLE_S):
            _fork(listener)
        if address.exists() and address.stat().st_ino == own:
            address.unlink()
        while selector.select(0):  # who had found the address before
            _fork(listener)


def _fork(listener: socket.socket) -> None:
    """Give the next connection to a child."""
    connection, _ = listener.accept()
    with connection:
        if os.fork() == 0:
            listener.close()  # else callers of a server that was killed would wait for this child
            _work(connection)


def _work(connection: socket.socket) -> None:
    """Do the job of one connection in this child, tell the caller how it ended, and never return."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 2)
        request = json.loads(connection.makefile("rb").readline())
        for number, descriptor in zip((1, 2), descriptors, strict=True):
            os.dup2(descriptor, number)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        sys.path[:] = request["path"]
        threading.Thread(target=_die_with, args=(connection,), daemon=True).start()
        _here(request["step"], request["log"], request["alone"], request["arguments"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with suppress(OSError):  # nobody listens any more
            connection.sendall(f"{code}\n".encode())
        os._exit(code)


def _die_with(connection: socket.socket) -> None:
    """End this process when its caller is gone, because then its job was killed."""
    try:
        gone = not connection.recv(1)
    except OSError:
        gone = True
    if gone:
        os._exit(1)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
