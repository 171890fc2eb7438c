"""``python -m altools.cli.verify RESULTS`` (`make verify`): name damaged artefacts; with ``--delete`` remove them.

The next run rebuilds what is removed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from altools.runtime.verify import damaged


def main() -> int:
    """Print a sentence per damaged artefact; return 1 while one is left."""
    parser = argparse.ArgumentParser(prog="python -m altools.cli.verify", description="Find damaged artefacts.")
    parser.add_argument("results", type=Path, help="results folder")
    parser.add_argument("--delete", action="store_true", help="remove the damaged ones")
    given = parser.parse_args()
    bad = list(damaged(given.results))
    for path, message in bad:
        print(message)
        if given.delete:
            path.resolve().unlink(missing_ok=True)  # in the cache between workflows, if it lies there
            path.unlink(missing_ok=True)
    print(f"{len(bad)} damaged artefacts below {given.results}{', deleted' if bad and given.delete else ''}.")
    return int(bool(bad) and not given.delete)


if __name__ == "__main__":
    sys.exit(main())
