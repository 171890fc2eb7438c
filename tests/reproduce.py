"""Run a grid twice, as differently as one machine can, and compare the curves byte for byte: `make reproduce`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
WAYS = {
    "one core, in order, a process per job": (
        ["--cores", "1", "--scheduler", "ilp"],
        {"PYTHONHASHSEED": "1", "ALTOOLS_WARM": "0", "OMP_NUM_THREADS": "1"},
    ),
    "all cores, greedy, warm server": (
        ["--cores", "all", "--scheduler", "greedy"],
        {"PYTHONHASHSEED": "2", "ALTOOLS_WARM": "1", "OMP_NUM_THREADS": "4"},
    ),
}


def run(folder, arguments, environment, more):
    """Run the curves of the grid into a folder of their own."""
    command = [sys.executable, "-m", "snakemake", "--quiet", "rules", *arguments, *more]
    subprocess.run(
        [*command, "--config", f"results={folder}", "--", "curves"],
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def curves(folder):
    """Return the bytes of every curve, by its place."""
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.glob("curves/**/*.parquet"))}


def compare(first, second):
    """Return a line per curve that differs, with the largest difference of its values."""
    one, other = curves(first), curves(second)
    assert one and one.keys() == other.keys(), "the runs made different files"
    lines = []
    for path in (path for path in one if one[path] != other[path]):
        tables = [pd.read_parquet(folder / path) for folder in (first, second)]
        lines.append(f"{path} differs, by {(tables[0]['value'] - tables[1]['value']).abs().max():.2g} at most")
    return len(one), lines


def main():
    """Run, compare, say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", help="the grid; the default is the digits'")
    chosen = parser.parse_args().configfile
    work = Path(tempfile.mkdtemp(prefix="reproduce-"))
    folders = []
    for number, (name, (arguments, environment)) in enumerate(WAYS.items()):
        print(f"{name} ...", flush=True)
        folders.append(work / str(number))
        run(folders[-1], arguments, environment, ["--configfile", chosen] if chosen else [])
    count, differing = compare(*folders)
    shutil.rmtree(work)
    print("\n".join(differing) or f"{count} files of curves, the same bytes.")
    return len(differing) > 0


if __name__ == "__main__":
    sys.exit(main())
