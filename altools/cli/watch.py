"""``python -m altools.cli.watch CONFIG`` (`make watch`): print what a grid has done and what is left, until it is done.

It reads the results folder alone, so it can be started and stopped at any time, also on another machine that sees the
folder.
"""

from __future__ import annotations

import argparse
import sys
import time

from altools.cli import config_file
from altools.errors import UserError
from altools.layout import Layout
from altools.runtime.watch import as_text, states

EVERY_S = 10


def main() -> None:
    """Print the state again and again, until everything is done or the user stops."""
    parser = argparse.ArgumentParser(prog="python -m altools.cli.watch", description="Show the progress of a grid.")
    parser.add_argument("config", help="the config file that the grid was started with")
    parser.add_argument("--results", help="its results folder, where that was named on the command line")
    parser.add_argument("--once", action="store_true", help="print once and exit")
    given = parser.parse_args()
    try:
        layout = Layout(config_file.read(given.config, given.results))
    except UserError as error:
        raise SystemExit(f"Error: {error}") from None
    while True:
        current = states(layout)
        clear = "\033[H\033[2J" if sys.stdout.isatty() else ""
        print(f"{clear}{as_text(current, time.time())}", flush=True)
        if given.once or all(state.done for state in current):
            return
        time.sleep(EVERY_S)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print()
