"""``python -m benchmarks [topic ...]``: run all benchmark modules, or those named; exit 1 if a goal is missed."""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from pathlib import Path

from altools.runtime.hardware import keep_freed_memory
from benchmarks import harness

HERE = Path(__file__).parent
NOT_TOPICS = {"__init__", "__main__", "harness"}


def topics() -> list[str]:
    """Return the modules beside this one that define ``cases()``."""
    stems = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_TOPICS)
    return [stem for stem in stems if "\ndef cases(" in (HERE / f"{stem}.py").read_text(encoding="utf-8")]


def main() -> int:
    """Run the topics asked for."""
    known = topics()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="topic", help=f"one of: {', '.join(known) or '(none yet)'}")
    asked = parser.parse_args().topics or known
    unknown = sorted(set(asked) - set(known))
    if unknown:
        parser.error(f"topic must be one of: {', '.join(known)}. Got: {', '.join(unknown)}.")
    warnings.simplefilter("ignore")  # the peers' own
    keep_freed_memory()  # as every job does, for both sides
    reached = True
    for topic in asked:
        results = []
        for case in importlib.import_module(f"benchmarks.{topic}").cases():
            print(f"{topic}: {case.name} ...", file=sys.stderr, flush=True)
            results.append(harness.measure(case))
        if not results:  # what it needs is not at hand; what was measured before stays
            continue
        path = harness.write(topic, results)
        print(f"{harness.table(results)}\n-> {path.relative_to(HERE.parent)}\n")
        reached = reached and all(result.reached for result in results)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
