"""Map a function over jobs on all cores, in order, with few results waiting, so that memory stays bounded.

The first job runs here and is timed: processes start only where they save more than their start costs. Knows
nothing about what is computed; the results are the same either way.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from typing import TypeVar

from altools.errors import UserError

J = TypeVar("J")
R = TypeVar("R")

AHEAD = 3  # jobs that wait at each worker process
WINDOW = 64  # results that may wait for an earlier one, per process
START_S = 0.8  # what starting the processes costs: an interpreter with NumPy and Pillow each


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(work: Callable[[J], R], jobs: Sequence[J], *, workers: int = 0) -> Iterator[R]:
    """Yield ``work(job)`` for every job, in order. This process works too, also while the others start.

    Args:
        work: a module-level function (or a partial of one).
        jobs: picklable arguments; many small ones balance better than a few large ones.
        workers: processes, this one among them; 0 means one per core, started only if they pay off.
    """
    waiting = iter(jobs)
    if workers == 0 and jobs:
        start = time.perf_counter()
        yield work(next(waiting))
        rest_s = (time.perf_counter() - start) * (len(jobs) - 1)
        workers = cores() if rest_s * (1 - 1 / cores()) > START_S else 1
    if workers <= 1:
        yield from map(work, waiting)
        return
    yield from _in_processes(work, waiting, workers)


def _in_processes(work: Callable[[J], R], jobs: Iterator[J], workers: int) -> Iterator[R]:
    with (
        _main_hidden(),
        ProcessPoolExecutor(workers - 1, mp_context=get_context("spawn"), initializer=_watch) as executor,
    ):
        results: deque[Future[R]] = deque()
        try:
            while True:
                # A few jobs wait at each worker; while the next result is not there, one is done here.
                backlog = sum(not result.done() for result in results)
                wanted = max(0, AHEAD * (workers - 1) - backlog)
                results += [executor.submit(work, job) for job in islice(jobs, wanted)]
                if not results:
                    return
                idle = not results[0].done() and len(results) < WINDOW * workers
                mine = [_here(work, job) for job in islice(jobs, int(idle))]
                results += mine
                if not mine:
                    yield results.popleft().result()
        except BrokenProcessPool:
            raise UserError(
                f"every worker process must live until its work is done. One of {workers - 1} was ended from outside, "
                "most often for want of memory; free some, or allow fewer cores, and run again."
            ) from None
        finally:
            for result in results:
                result.cancel()


def _here(work: Callable[[J], R], job: J) -> Future[R]:
    """Do a job in this process; an error waits for its turn, as one from a worker does."""
    result: Future[R] = Future()
    try:
        result.set_result(work(job))
    except Exception as error:
        result.set_exception(error)
    return result


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep new processes from running this process's script again: the scripts of a workflow have no guard."""
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    for name in kept:
        setattr(main, name, None)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)


def _watch() -> None:
    """End this worker when its parent is gone, however it went: a killed job must leave no processes behind."""

    def wait() -> None:
        parent = parent_process()
        assert parent is not None
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
