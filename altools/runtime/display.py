"""Progress of a workflow in words: jobs done, the time left, and what is running.

Knows nothing of Snakemake or terminals; `snakemake_logger_plugin_altools` feeds it and prints it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from altools.runtime.watch import duration


@dataclass
class Progress:
    """Jobs of a workflow: wanted, running and done, by rule."""

    wanted: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    running: dict[int, tuple[str, str, float]] = field(default_factory=dict)
    """Rule, run in words and start of each running job."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds of the jobs that are done, by rule."""
    first_start: float | None = None

    def start(self, job: int, rule: str, wildcards: Mapping[str, str], now: float) -> None:
        """Record the start of a job."""
        self.first_start = now if self.first_start is None else self.first_start
        self.running[job] = (rule, " ".join(map(str, wildcards.values())), now)

    def finish(self, job: int, now: float) -> None:
        """Record the end of a job."""
        rule, _, started = self.running.pop(job, ("", "", now))
        if rule:
            self.done[rule] += 1
            self.seconds[rule] += now - started

    @property
    def total(self) -> int:
        """Number of jobs in all."""
        return self.wanted.total()

    def seconds_left(self, now: float) -> float | None:
        """Estimate the seconds left from the mean time of each rule's jobs, or None before any job has ended.

        A rule of which no job has ended is taken to be as slow as the mean of all that have.
        """
        finished = self.done.total()
        if not finished or self.first_start is None:
            return None
        mean = sum(self.seconds.values()) / finished
        left = {rule: count - self.done[rule] for rule, count in self.wanted.items()}
        work = sum(
            count * (self.seconds[rule] / self.done[rule] if self.done[rule] else mean) for rule, count in left.items()
        )
        parallel = sum(self.seconds.values()) / max(now - self.first_start, 1e-9)
        return work / max(parallel, 1e-9)

    def as_text(self, now: float) -> str:
        """Return one line: how many jobs are done, the time left, and the job that has run longest."""
        done, total = self.done.total(), self.total
        line = f"{done:,} of {total:,} jobs done ({done / max(total, 1):.0%})"
        left = self.seconds_left(now)
        if left is not None and done < total:
            line += f", about {duration(left)} left"
        if self.running:
            rule, run, _ = min(self.running.values(), key=lambda job: job[2])
            more = f" and {len(self.running) - 1} more" if len(self.running) > 1 else ""
            line += f"; now {' '.join([rule, run]).strip()}{more}"
        return line
