"""A progress bar with an estimate of the time left: lines in a job's log, and a live bar on a terminal.

Knows nothing about what is counted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T], total: int, unit: str, title: str) -> Iterator[T]:
    """Iterate with a bar on stderr (a job's log); a job that holds the terminal shows it there too (`terminal`)."""
    bars = [tqdm(total=total, unit=unit, desc=title, file=sys.stderr, mininterval=5.0, ascii=True)]
    if _terminal:
        bars.append(tqdm(total=total, unit=unit, desc=title, file=sys.__stderr__, leave=False))
    try:
        for item in items:
            yield item
            for bar in bars:
                bar.update()
    finally:
        for bar in bars:
            bar.close()


_terminal = False


def use_terminal(alone: bool) -> None:
    """Show live bars if this job runs alone and a person watches."""
    global _terminal
    _terminal = alone and sys.__stderr__ is not None and sys.__stderr__.isatty()
