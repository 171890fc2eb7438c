"""Run a grid twice, as differently as one machine can, and compare the curves byte for byte: `make reproduce`.

``--older-cpu`` (``make reproduce OLDER=1``) runs it a third time with the instructions of a CPU without AVX-512, as
if on another machine, and says how far the curves are apart; nothing is required of that.
"""

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

OLDER = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


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


def apart(first, second):
    """Return how far the accuracies of two runs are apart: of single models, and of means over seeds."""
    one, other = (
        pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("curves/*.parquet"))]).query(
            "metric == 'accuracy'"
        )
        for folder in (first, second)
    )
    keys = ["dataset", "setting", "strategy", "labels", "seed"]
    both = one.merge(other, on=keys, validate="one_to_one")
    both["difference"] = both["value_y"] - both["value_x"]
    means = both.groupby(keys[:-1])["difference"].mean()
    spread = one.groupby(keys[:-1])["value"].std().mean()
    size = both["difference"].abs()
    return (
        f"{(size > 0).mean():.0%} of {len(both)} models differ, by {size.mean():.4f} on average and {size.max():.4f} "
        f"at most; their means over seeds by "
        f"{means.abs().mean():.4f}, with a bias of {means.mean():+.4f}; seeds of one run spread by {spread:.4f}"
    )


def main():
    """Run, compare, say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configfile", help="the grid; the default is the digits'")
    parser.add_argument("--older-cpu", action="store_true", help="once more, without AVX-512")
    chosen = parser.parse_args()
    ways = dict(WAYS)
    if chosen.older_cpu:
        arguments, environment = WAYS["all cores, greedy, warm server"]
        ways["all cores, without AVX-512"] = (arguments, {**environment, **OLDER, "ALTOOLS_WARM": "0"})
    work = Path(tempfile.mkdtemp(prefix="reproduce-"))
    folders = []
    for number, (name, (arguments, environment)) in enumerate(ways.items()):
        print(f"{name} ...", flush=True)
        folders.append(work / str(number))
        run(folders[-1], arguments, environment, ["--configfile", chosen.configfile] if chosen.configfile else [])
    count, differing = compare(*folders[:2])
    print("\n".join(differing) or f"{count} files of curves, the same bytes.")
    if chosen.older_cpu:
        print(f"Without AVX-512: {apart(folders[1], folders[2])}.")
    shutil.rmtree(work)
    return len(differing) > 0


if __name__ == "__main__":
    sys.exit(main())
