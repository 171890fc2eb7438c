"""What is checked before a workflow starts, and said when it has ended."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from altools.errors import UserError
from altools.layout import Layout


def results_folder(results: str) -> None:
    """Require that the results folder is a folder or absent; warn where it cannot be written, as a dry run need not.

    Raises:
        UserError: something else stands under its name.
    """
    folder = Path(results)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"results must name a folder. {results} is a file; move it, or name another folder.")
    if folder.exists() and not os.access(folder, os.W_OK):
        print(f"{results} must be a folder that can be written, for more than a dry run.", file=sys.stderr)


def require_writable(results: str) -> None:
    """Make the results folder and require that it can be written.

    Raises:
        UserError: it cannot.
    """
    folder = Path(results)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"{results} must be a folder that can be written ({error.strerror}); change its permissions, or name "
            "another folder in the config's results."
        ) from None


def where_to_look(layout: Layout) -> str:
    """Return what to open after a successful run."""
    results = layout.config.results
    places = {
        "open in a browser": "report/index.html",
        "learning curves": f"figures/{layout.datasets[0]}/{layout.config.settings[0]}/learning_curves.png",
        "summary table": "statistics/summary.csv",
        "all numbers": "curves/*.parquet",
    }
    lines = [f"  {what:17}  {results}/{place}" for what, place in places.items() if any(Path(results).glob(place))]
    return "\n".join([f"Done. Results are in {results}/{':' if lines else '.'}", *lines])
