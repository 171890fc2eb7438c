"""Jobs spread over the GPUs of a machine, and give their places back when they end."""

import os
import subprocess
import sys
import tempfile

import pytest
import torch

from altools.errors import UserError
from altools.runtime import device, hardware, launch

TAKE = "import sys; from altools.runtime.device import least_used; print(*least_used(2), flush=True); sys.stdin.read()"


@pytest.fixture
def empty_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    places = []
    monkeypatch.setattr(device, "_places", places)
    yield
    for place in places:
        place.close()


@pytest.fixture
def chosen(monkeypatch):
    """What CUDA_VISIBLE_DEVICES is for every group of processes that would be started."""
    seen = []

    def started(*command):
        seen.append(os.environ["CUDA_VISIBLE_DEVICES"])
        raise KeyboardInterrupt

    monkeypatch.setattr(launch, "elastic_launch", lambda config, entry: started)
    return seen


def start():
    job = subprocess.Popen([sys.executable, "-c", TAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return job, int(job.stdout.readline())


def end(job):
    job.kill()
    job.communicate()


def test_jobs_take_gpus_in_turn_and_a_killed_one_leaves_its_place(empty_machine):
    jobs = [start() for _ in range(3)]
    assert [index for _, index in jobs] == [0, 1, 0]
    end(jobs[1][0])
    again = start()
    assert again[1] == 1
    for job, _ in (jobs[0], jobs[2], again):
        end(job)
    assert device.least_used(2) == [0]


def test_a_training_on_several_gpus_holds_a_place_on_each(empty_machine, chosen, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 5,GPU-7")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.least_used(3) == [0]
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            launch.launch(2, "auto", {})
    assert chosen == ["5,GPU-7", "2,5"]  # the first is taken; then all have one job
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2, 5,GPU-7"
    assert device.least_used(3) == [2]


@pytest.mark.parametrize(
    ("visible", "names"), [("2,3", "23"), ("2,3,99", "23"), ("2, 3,", "23"), ("", "01"), ("7", "01")]
)
def test_visible_gpus_are_named_as_cuda_counts_them(monkeypatch, visible, names):
    """CUDA sees what stands before the first name that it does not know."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert device.visible_names(2) == list(names)


def test_a_machine_with_one_gpu_needs_no_places(empty_machine, tmp_path):
    assert device.least_used(1) == [0] and not list(tmp_path.iterdir())


def test_jobs_inside_an_allocation_of_several_gpus_spread_over_them(empty_machine, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", lambda chosen: None)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [device.choose("auto", 1).index for _ in range(3)] == [0, 1, 0]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)  # what a scheduler gives a job
    assert device.choose("auto", 1).index == 0


@pytest.mark.parametrize(
    ("files", "count"),
    [
        (["proc/driver/nvidia/gpus/0000:01", "dev/nvidia0"], 1),
        (["dev/nvidia0", "dev/nvidia1", "dev/nvidiactl"], 2),
        (["dev/dxg"], 1),
        (["dev/null"], 0),
    ],
)
def test_gpus_are_counted_by_what_the_system_shows(monkeypatch, tmp_path, files, count):
    """A container may show devices and no driver."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.setattr(hardware, "Path", lambda name: tmp_path / name.lstrip("/"))
    assert hardware.gpu_count() == count


def test_a_gpu_that_torch_cannot_use_is_mentioned(monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.choose("auto", 1) == torch.device("cpu")
    assert "computing on the CPU" in capsys.readouterr().err
    device.choose("cpu", 1)
    assert not capsys.readouterr().err


def test_float32_on_a_gpu_is_not_tf32():
    device.choose("cpu", 1)
    assert torch.backends.cudnn.conv.fp32_precision == "ieee"


def test_a_wanted_gpu_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="device must be 'auto' or 'cpu' here: it is 'cuda'"):
        device.choose("cuda", 1)
    assert device.choose("auto", 1) == torch.device("cpu")
