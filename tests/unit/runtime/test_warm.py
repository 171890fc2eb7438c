"""The warm server: a step runs in its child, a failed one ends the caller, and a killed caller ends the child."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from altools import storage
from altools.runtime import hardware, warm

ROOT = Path(__file__).parents[3]
LABEL = """
warm.run(
    log="label.log",
    step="label.label_all",
    inputs={},
    outputs={"labelled": "out/labelled.parquet"},
    wildcards={},
    arguments={"train_images": 5, "job": {"code": "x"}},
    threads=1,
)
"""
READ = """
warm.run(
    log="job.log",
    step="statistics.statistic",
    inputs={"curves": ["no.parquet"], "costs": []},
    outputs={"table": "x", "csv": "y"},
    wildcards={},
    arguments={"name": "summary", "datasets": [], "job": {}},
    threads=1,
)
"""
WAIT = READ.replace("no.parquet", "pipe.parquet")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the server works on Linux only")


@pytest.fixture
def place():
    """A folder of a short name with a server of its own (the address depends on TMPDIR), ended after the test."""
    folder = Path(tempfile.mkdtemp(prefix="warm"))
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    for name in ("SLURM_JOB_ID", "ALTOOLS_WARM"):
        environment.pop(name, None)
    code = "from altools.runtime import warm; assert warm._connect() is None"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    deadline = time.monotonic() + 120
    while not list(folder.glob("altools-*/*.sock")) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(folder.glob("altools-*/*.sock"))
    yield folder, environment
    subprocess.run(["pkill", "-f", f"altools.runtime.warm {folder}"], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def call(place, code):
    folder, environment = place
    code = f"from altools.runtime import warm\nimport sys\n{code}"
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )


def test_a_step_runs_in_the_callers_folder_without_its_imports(place):
    job = call(
        place,
        f"{LABEL}\nprint('torch' in sys.modules, file=sys.stderr)",
    )
    assert job.communicate()[1].strip() == "False" and job.returncode == 0
    assert storage.read_columns(place[0] / "out/labelled.parquet")["index"].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "SGE_TASK_ID"])
def test_jobs_of_a_cluster_use_no_server(monkeypatch, name):
    for other in hardware.OF_A_CLUSTER:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv("ALTOOLS_WARM", "1")
    assert warm.usable() == (sys.platform == "linux")
    monkeypatch.setenv(name, "7")
    assert not warm.usable()


def test_a_failed_step_says_one_sentence_and_ends_the_caller(place):
    job = call(place, READ)
    message = job.communicate()[1]
    assert job.returncode == 1 and "Error: no.parquet does not exist" in message and "Traceback" not in message
    assert "Traceback" in (place[0] / "job.log").read_text()


def waiting_job(place):
    """Start a job that waits for ever: it reads a pipe into which nobody writes."""
    os.mkfifo(place[0] / "pipe.parquet")
    job = call(place, WAIT)
    wait_until(lambda: len(processes(place)) == 2)  # the server and the job
    return job


def processes(place):
    listed = subprocess.run(["pgrep", "-f", f"altools.runtime.warm {place[0]}"], capture_output=True, text=True)
    return sorted(map(int, listed.stdout.split()))


def test_a_killed_caller_takes_its_child_along(place):
    job = waiting_job(place)
    job.send_signal(signal.SIGKILL)
    job.communicate()
    wait_until(lambda: len(processes(place)) == 1)


def test_nobody_waits_for_a_server_that_was_killed(place):
    job = waiting_job(place)
    os.kill(processes(place)[0], signal.SIGKILL)  # its child holds on
    later = call(place, LABEL)
    assert later.communicate(timeout=60)[1] == "" and later.returncode == 0
    job.kill()
    job.communicate()


def test_a_temporary_folder_of_a_long_name_goes_without_a_server(tmp_path):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    place = folder, {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT), "ALTOOLS_WARM": "1"}
    place[1].pop("SLURM_JOB_ID", None)
    job = call(place, LABEL)
    assert job.communicate()[1] == "" and job.returncode == 0
    assert not processes(place)


def wait_until(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()
