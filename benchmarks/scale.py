"""``python -m benchmarks.scale``: how large a graph Snakemake carries, and how fast it gives out trivial jobs.

The graph is that of ``config/paper.yaml``: a dry run in a process of its own, timed until the table of jobs (the graph
is built) and to its end (every job is printed). The jobs are chains of ``touch``, shaped like our runs: what they take
is what Snakemake takes. Limits are absolute: 60 s and 2 GiB for the graph.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import harness

ROOT = Path(__file__).parents[1]
GRAPH_S, GRAPH_GIB = 60, 2
ROUNDS = 20
SNAKEFILE = """
rule all:
    input:
        expand("{run}/{round}", run=range(RUNS), round=range(ROUNDS)),

rule step:
    input:
        lambda wildcards: f"{wildcards.run}/{int(wildcards.round) - 1}" if wildcards.round != "0" else [],
    output:
        "{run}/{round}",
    shell:
        "touch {output}"
"""


def main() -> int:
    """Measure, print and write; exit 1 where the graph is beyond its limits."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, help="trivial jobs to run")
    jobs = parser.parse_args().jobs
    report = {"topic": "scale", "machine": harness.machine(), "versions": harness.versions()}
    with tempfile.TemporaryDirectory() as folder:
        report["graph"] = graph(Path(folder))
        print(report["graph"], flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report["scheduling"] = scheduling(Path(folder), jobs)
        print(report["scheduling"], flush=True)
    path = harness.RESULTS / "scale.json"
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"-> {path.relative_to(ROOT)}")
    return 0 if report["graph"]["reached"] else 1


def graph(folder: Path) -> dict:
    """Dry-run the paper's grid; return seconds and memory."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--configfile", "config/paper.yaml"]
    command += ["--config", f"results={folder}/results"]
    start = time.perf_counter()
    built_s, jobs = None, 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if built_s is None and line.startswith("Job stats"):
                built_s = time.perf_counter() - start
            elif line.startswith("total "):
                jobs = int(line.split()[1])
    all_s = time.perf_counter() - start
    assert process.returncode == 0 and built_s is not None
    peak_gib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2  # of the largest child so far
    return {
        "jobs": jobs,
        "built_s": built_s,
        "printed_s": all_s,
        "peak_gib": peak_gib,
        "reached": built_s <= GRAPH_S and peak_gib <= GRAPH_GIB,
    }


def scheduling(folder: Path, jobs: int) -> dict:
    """Run trivial jobs on two cores, scheduled as our profile says; return jobs per second, graph and all."""
    text = f"RUNS, ROUNDS = {jobs // ROUNDS}, {ROUNDS}\n{SNAKEFILE}"
    (folder / "Snakefile").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all", "--scheduler", "greedy"]
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    return {"jobs": jobs, "seconds": seconds, "jobs_per_s": jobs / seconds}


if __name__ == "__main__":
    sys.exit(main())
