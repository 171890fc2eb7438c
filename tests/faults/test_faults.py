"""What a long run meets, in seconds: two runs at once, and a full disk; `make test-faults` has the rest."""

import os
import signal
import subprocess
import sys

from tests.faults.faults import limited_disk
from tests.repositories import wait_for


def test_a_second_run_in_the_same_folder_is_refused_and_the_first_goes_on(repository):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "data"]
    environment = {**os.environ, "PYTHONPATH": str(repository.path)}
    with subprocess.Popen(
        command, cwd=repository.path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as first:
        try:
            wait_for(lambda: list(repository.path.glob(".snakemake/locks/*")), "the lock")
            first.send_signal(signal.SIGSTOP)
            second = repository.run("data", check=False)
            first.send_signal(signal.SIGCONT)
            output, _ = first.communicate(timeout=600)
        finally:
            first.kill()
    assert second.returncode != 0 and "Directory cannot be locked" in second.stdout + second.stderr
    assert first.returncode == 0, output
    assert repository.planned("data") == {}


def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(repository):
    with limited_disk(repository.path / "results", "48k") as grow:
        done = repository.run("data", check=False)
        assert done.returncode != 0 and "No space left on device" in done.stdout + done.stderr
        assert not list(repository.path.glob("results/data/**/*.npy")) + list(repository.path.glob("results/**/.*.tmp"))
        grow("8m")
        repository.run("data")
        assert (repository.path / "results/data/digits/dataset.json").exists()
