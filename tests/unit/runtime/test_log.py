"""Exceptions become one sentence each, in the terminal and at the end of a job's log."""

import sys

import pytest
import torch

from altools.errors import UserError
from altools.runtime.log import logged, message


def test_a_failed_job_says_one_sentence_and_its_log_says_where(tmp_path, capsys):
    log = tmp_path / "new" / "job.log"
    with pytest.raises(SystemExit) as end, logged(str(log)):
        print("begun")
        print("and warned", file=sys.stderr)
        raise UserError("the budget must be positive. Got 0.")
    assert end.value.code == 1
    lines = log.read_text().splitlines()
    assert lines[:2] == ["begun", "and warned"] and lines[-1] == "Error: the budget must be positive. Got 0."
    assert "Traceback (most recent call last):" in lines


def test_what_nobody_foresaw_asks_for_a_report_and_files_are_named():
    assert message(KeyError("seed")).startswith("Error: KeyError: 'seed' (a defect of this project, please report it")
    assert message(OSError(28, "No space left on device", "x.json")) == (
        "Error: x.json: No space left on device; see the log."
    )


def test_memory_that_is_gone_says_which_setting_to_lower():
    gpu = message(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore"))
    assert (
        "Tried to allocate 2 GiB. Let fewer jobs share it (resources: gpu in the profile)" in gpu and "More" not in gpu
    )
    for words in (
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate",
        "NCCL error: unhandled cuda error\nLast error: Failed to CUDA calloc async 4 bytes",
        "NCCL error: unhandled cuda error\nLast error: Cuda failure 2 'out of memory'",
    ):
        assert "lower recipe.batch_size" in message(torch.AcceleratorError(words))
    assert "let fewer jobs run (--cores)" in message(MemoryError())


def test_a_gpu_that_another_process_has_to_itself_is_busy():
    refused = torch.AcceleratorError("CUDA error: CUDA-capable device(s) is/are busy or unavailable\nMore")
    assert "the GPU must accept this job. It is busy" in message(refused) and "More" not in message(refused)


def test_a_batch_of_one_image_with_a_last_map_of_one_pixel_says_what_to_change():
    with pytest.raises(ValueError) as refused:
        torch.nn.BatchNorm2d(4)(torch.zeros(1, 4, 1, 1))
    assert "change recipe.batch_size, initial or budget" in message(refused.value)
