"""Jobs spread over the GPUs of a machine, and give their places back when they end."""

import subprocess
import sys
import tempfile

import pytest
import torch

from altools import device, hardware
from altools.errors import UserError
from altools.steps import ranks
from altools.steps.job import sentence

TAKE = "import sys; from altools.device import least_used; print(*least_used(2), flush=True); sys.stdin.read()"


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
    """What CUDA_VISIBLE_DEVICES is for every process that would be started."""
    seen = []

    def started(command, env, **_):
        seen.append(env["CUDA_VISIBLE_DEVICES"])
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", started)
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
            ranks.launch("train.train", 2, "auto", {})
    assert chosen == ["5,GPU-7", "2,5"]  # the first is taken; then all have one job
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


def test_memory_that_is_gone_says_which_setting_to_lower():
    gpu = sentence(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore"))
    assert (
        "Tried to allocate 2 GiB. Let fewer jobs share it (resources: gpu in the profile)" in gpu and "More" not in gpu
    )
    for words in (
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate",
        "NCCL error: unhandled cuda error\nLast error: Failed to CUDA calloc async 4 bytes",
        "NCCL error: unhandled cuda error\nLast error: Cuda failure 2 'out of memory'",
    ):
        assert "lower recipe.batch_size" in sentence(torch.AcceleratorError(words))
    assert "let fewer jobs run (--cores)" in sentence(MemoryError())


def test_a_gpu_that_another_process_has_to_itself_is_busy():
    refused = torch.AcceleratorError("CUDA error: CUDA-capable device(s) is/are busy or unavailable\nMore")
    assert "the GPU must accept this job. It is busy" in sentence(refused) and "More" not in sentence(refused)


def test_a_batch_of_one_image_with_a_last_map_of_one_pixel_says_what_to_change():
    with pytest.raises(ValueError) as refused:
        torch.nn.BatchNorm2d(4)(torch.zeros(1, 4, 1, 1))
    assert "change recipe.batch_size, initial or budget" in sentence(refused.value)
