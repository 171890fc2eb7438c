"""Run steps in processes that are already warm: a small server imports what steps need and forks for every job.

Importing torch costs a job about a second, more than a round on small images. The first job of a run starts the server
and computes by itself; the next jobs hand their step over. A forked child works in the caller's folder and environment,
writes to the caller's log, and dies with the caller. The server exits after `IDLE_S` seconds without a connection.

Only on Linux, and not inside a cluster job, which the server would outlive; ``ALTOOLS_WARM=0`` switches it off. Results
do not depend on it. Imports no torch itself.
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

from altools.runtime.hardware import in_cluster

IDLE_S = 20.0
BEGUN = b"begun\n"
"""What a child sends when it has received its job."""
LONGEST_ADDRESS = 107  # bytes, of the kernel
PRELOADED = (
    *("train", "query", "predict", "curves", "statistics", "figures"),
    *(
        "altools.runtime.job",
        "altools.runtime.log",
        "pyarrow.parquet",
        "safetensors.torch",
        "altools.metrics.classification",
        "altools.metrics.calibration",
    ),
)
PACKAGE = Path(__file__).parents[1]


def run(log: str, alone: bool = False, **request: Any) -> None:
    """Run a step as a job, in a child of the server where there is one, else in this process.

    Args:
        log: path of the job's log file.
        alone: the job has all cores to itself (`altools.runtime.log.logged`).
        request: arguments of `altools.runtime.job.perform`, plain JSON values.

    Raises:
        SystemExit: the job failed; its log and stderr say why.
    """
    connection = _connect() if usable() else None
    if connection is None:
        _perform(log, alone, request)
        return
    with connection:
        if not _hand_over(connection, {"log": log, "alone": alone, "request": request}):
            _perform(log, alone, request)
            return
        _await(connection, log)


def usable() -> bool:
    """Return whether jobs here may be handed to a server."""
    return sys.platform == "linux" and not in_cluster() and os.environ.get("ALTOOLS_WARM", "1") != "0"


def _perform(log: str, alone: bool, request: Mapping[str, Any]) -> None:
    # Imported here: a process that hands its job over needs neither NumPy nor a progress bar.
    from altools.runtime.job import perform
    from altools.runtime.log import logged

    with logged(log, alone):
        perform(**request)


def _hand_over(connection: socket.socket, message: Mapping[str, Any]) -> bool:
    """Send a job to the server's child, with this process's stdout and stderr; return whether the child has begun."""
    context = {"folder": os.getcwd(), "environment": dict(os.environ), "path": sys.path}
    try:
        socket.send_fds(connection, [b"."], [1, 2])
        connection.sendall(json.dumps({**message, **context}).encode() + b"\n")
        return connection.recv(len(BEGUN)) == BEGUN
    except OSError:  # the server has exited
        return False


def _await(connection: socket.socket, log: str) -> None:
    """Wait for the child, and exit with its status if it failed."""
    try:
        status = connection.makefile("rb").readline().strip()
    except OSError:
        status = b""
    if status != b"0":
        if not status:
            print(f"Error: the process of this job was killed from outside; see {log}.", file=sys.stderr)
        raise SystemExit(1)


def _connect() -> socket.socket | None:
    """Return a connection to the server of this user, interpreter and code; start a server where there is none."""
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
    """Return a name for the interpreter, the state of the package's files, and the visible devices."""
    files = sorted((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in PACKAGE.rglob("*.py"))
    key = [sys.executable, os.environ.get("CUDA_VISIBLE_DEVICES"), files]
    return blake2b(json.dumps(key).encode(), digest_size=8).hexdigest()


def _start(address: Path) -> None:
    """Start the server in a session of its own; of two that start at once, the later one takes the address."""
    subprocess.Popen(
        [sys.executable, "-m", "altools.runtime.warm", str(address)],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def serve(address: Path) -> None:
    """Import what steps need, then fork for every connection; return after `IDLE_S` seconds without one."""
    for name in PRELOADED:
        importlib.import_module(name if "." in name else f"altools.steps.{name}")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children; the kernel reaps them
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        unnamed = address.with_name(str(os.getpid()))  # shorter than the address
        listener.bind(str(unnamed))
        listener.listen(64)
        own = unnamed.stat().st_ino
        os.replace(unnamed, address)  # a process that finds the address finds a listener
        selector.register(listener, selectors.EVENT_READ)
        while selector.select(IDLE_S):
            _fork(listener)
        if address.exists() and address.stat().st_ino == own:
            address.unlink()
        while selector.select(0):  # callers that had found the address before
            _fork(listener)


def _fork(listener: socket.socket) -> None:
    """Hand the next connection to a child."""
    connection, _ = listener.accept()
    with connection:
        if os.fork() == 0:
            listener.close()  # else callers of a server that was killed would wait for this child
            _work(connection)


def _work(connection: socket.socket) -> None:
    """Run the job of one connection in this child, send its exit status, and exit."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 2)
        message = json.loads(connection.makefile("rb").readline())
        connection.sendall(BEGUN)
        for number, descriptor in zip((1, 2), descriptors, strict=True):
            os.dup2(descriptor, number)
        os.environ.clear()
        os.environ.update(message["environment"])
        os.chdir(message["folder"])
        sys.path[:] = message["path"]
        threading.Thread(target=_exit_with, args=(connection,), daemon=True).start()
        _perform(message["log"], message["alone"], message["request"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with suppress(OSError):  # the caller is gone
            connection.sendall(f"{code}\n".encode())
        os._exit(code)


def _exit_with(connection: socket.socket) -> None:
    """Exit when the caller closes the connection: then its job was killed."""
    try:
        gone = not connection.recv(1)
    except OSError:
        gone = True
    if gone:
        os._exit(1)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
