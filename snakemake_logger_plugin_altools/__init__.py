"""Snakemake's output for this project: one live line on a terminal, a line now and then in a file, a table for ``-n``.

Used by `make demo`, or with ``snakemake --logger altools``. Errors and warnings are printed as they come; a failed job
prints its own sentence.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import Counter, defaultdict
from logging import WARNING, LogRecord
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from altools.runtime.display import Progress

EVERY_S = 30.0  # between two lines where nobody watches
REDRAW_S = 0.1


class LogHandler(LogHandlerBase):
    """Print what a person wants to know of Snakemake's events."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.progress = Progress()
        self.reasons: defaultdict[str, set[str]] = defaultdict(set)
        self.live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.printed_at = 0.0
        self.printed_tenth = 0
        self.closed = False

    def emit(self, record: LogRecord) -> None:
        """Handle one event."""
        try:
            self._handle(record)
        except Exception:
            self.handleError(record)

    def _handle(self, record: Any) -> None:
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.progress.wanted = Counter({rule: n for rule, n in record.stats.items() if rule != "total"})
            if not self.common_settings.dryrun:
                self._print(f"{self.progress.total:,} jobs to do.")
        elif event == LogEvent.JOB_INFO:
            self._start(record)
        elif event == LogEvent.JOB_FINISHED:
            self.progress.finish(record.job_id, time.monotonic())
            self._show()
        elif event == LogEvent.JOB_ERROR:
            rule, run, _ = self.progress.running.pop(record.jobid, ("job", str(record.jobid), 0.0))
            logs = ", ".join(map(str, getattr(record, "log", None) or []))
            self._print(f"Failed: {rule} {run}{logs and f'; see {logs}'}".rstrip())
        elif event == LogEvent.ERROR or (event is None and record.levelno >= WARNING and not routine(record)):
            self._print(record.getMessage())

    def _start(self, record: Any) -> None:
        if self.common_settings.dryrun:
            self.reasons[record.rule_name].add(str(getattr(record, "reason", "")).partition(":")[0].lower())
            return
        self.progress.start(record.jobid, record.rule_name, record.wildcards or {}, time.monotonic())
        self._show()

    def _show(self) -> None:
        """Redraw the live line, or print a line every tenth of the jobs and every half minute."""
        now = time.monotonic()
        if self.live:
            if now - self.printed_at >= REDRAW_S:
                width = shutil.get_terminal_size().columns
                print(f"\r\033[2K{self.progress.as_text(now)[: width - 1]}", end="", file=sys.stderr, flush=True)
                self.printed_at = now
            return
        tenth = 10 * self.progress.done.total() // max(self.progress.total, 1)
        if tenth > self.printed_tenth or now - self.printed_at >= EVERY_S:
            self.printed_tenth, self.printed_at = tenth, now
            self._print(self.progress.as_text(now))

    def _print(self, text: str) -> None:
        clear = "\r\033[2K" if self.live else ""
        print(f"{clear}{text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Print what a dry run has planned; leave the live line."""
        if self.closed:
            return
        self.closed = True
        if self.common_settings.dryrun:
            self._print(self._plan())
        elif self.live and self.progress.total:
            print("\r\033[2K", end="", file=sys.stderr, flush=True)
        super().close()

    def _plan(self) -> str:
        if not self.progress.total:
            return "Nothing to be done (all requested files are present and up to date)."
        counts = sorted(self.progress.wanted.items())
        width = max(len(rule) for rule, _ in counts)
        rows = [
            f"{rule:<{width}} {count:>7}  {', '.join(sorted(self.reasons[rule]))}".rstrip() for rule, count in counts
        ]
        return "\n".join(
            ["Job stats:", f"{'job':<{width}}   count  why", *rows, f"{'total':<{width}} {self.progress.total:>7}"]
        )


def routine(record: LogRecord) -> bool:
    """Return whether every run prints this warning: that a rule could be cached between workflows."""
    return record.getMessage().startswith("Workflow defines that rule")
