"""The profiles on a real Slurm: the curves of a local run, whatever is killed on the way."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.repositories import TINY, copy_repository, wait_for
from tests.slurm.cluster import Cluster

pytestmark = pytest.mark.slurm

GRID = TINY.replace("seeds: [0, 1]", "seeds: [0]")
PATIENT_S = 900  # on a machine that does other things too
SLURM = ["--workflow-profile", "profiles/slurm"]
SHARDS = ["--profile", "profiles/slurm", "--workflow-profile", "profiles/slurm-shard"]
QUICK = ["--slurm-init-seconds-before-status-checks", "2"]
ROUNDS = "results/rounds/digits/standard"


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """The grid, run here without Slurm."""
    made = copy_repository(tmp_path_factory.mktemp("local") / "repository", GRID)
    made.run("curves", ALTOOLS_WARM="1")
    return made


@pytest.fixture
def repository(tmp_path):
    return copy_repository(tmp_path / "repository", GRID)


@contextmanager
def running(repository, *profile):
    """Snakemake on the cluster, ended with the block."""
    command = [sys.executable, "-m", "snakemake", *profile, *QUICK, "--", "curves"]
    environment = {**os.environ, "PYTHONPATH": str(repository.path), "OMP_NUM_THREADS": "1"}
    output = repository.path / "main.out"
    with open(output, "w") as out:
        process = subprocess.Popen(command, cwd=repository.path, env=environment, stdout=out, stderr=out)
        try:
            yield process, output
        finally:
            process.kill()
            process.wait()


def chains(cluster):
    """The running jobs that hold the rounds of a run."""
    return [job for job in cluster.jobs() if job.what.startswith("rule_rounds")]


def test_a_cancelled_job_and_a_lost_node_leave_no_trace_in_the_curves(local, repository):
    with Cluster() as cluster, running(repository, *SLURM) as (process, output):
        wait_for(lambda: list((repository.path / ROUNDS).glob("*/seed0/round1/scores.json")), "a round", PATIENT_S)
        killed = chains(cluster)[0]
        cluster.call("scancel", killed.number)
        wait_for(lambda: any(job.memory == "8000M" for job in chains(cluster)), "a second attempt", PATIENT_S)
        cluster.set_node("down")
        wait_for(lambda: not cluster.jobs(), "the loss of the node's jobs")
        cluster.set_node("resume")
        assert process.wait(PATIENT_S) == 0, output.read_text()[-4000:]
    assert f"JOB {killed.number} ON {cluster.host} CANCELLED" in output.read_text()
    assert repository.curves() == local.curves()


def test_after_the_death_of_the_main_process_its_jobs_are_cancelled_and_the_rest_is_run(local, repository):
    with Cluster() as cluster:
        with running(repository, *SLURM) as (process, output):
            wait_for(lambda: chains(cluster), "a run", PATIENT_S)
            process.send_signal(signal.SIGKILL)
            process.wait()
            name = re.search(r"SLURM run ID: (\S+)", output.read_text()).group(1)
            assert chains(cluster)  # Slurm knows nothing of it
            cluster.call("scancel", "--name", name)
            wait_for(lambda: not cluster.jobs("RUNNING,PENDING,COMPLETING"), "the end of the orphans")
        repository.snakemake("--unlock")
        with running(repository, *SLURM) as (process, output):
            assert process.wait(PATIENT_S) == 0, output.read_text()[-4000:]
    assert repository.curves() == local.curves()


def test_shards_let_two_jobs_share_a_gpu(repository):
    with Cluster(gpus=1) as cluster, running(repository, *SHARDS) as (_, output):
        wait_for(lambda: [job.gres for job in cluster.jobs()].count("gres:shard:1") == 2, "two jobs", PATIENT_S, output)
