"""Preparation: the same bytes on one core, on all, and after a kill; both splits or nothing."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from altools import storage
from altools.data import prepare as preparation
from altools.data.sources import Source, Split
from altools.errors import UserError
from altools.runtime import parallel


def files_below(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def square(job):
    return job * job


def die_as_a_worker(job):
    if multiprocessing.parent_process():
        os._exit(9)
    time.sleep(0.05)


def test_processes_or_not_the_results_are_the_same():
    expected = [number * number for number in range(100)]
    for workers in (0, 1, 2):
        assert list(parallel.each(square, range(100), workers=workers)) == expected
    assert list(parallel.each(square, [])) == []


def test_a_worker_that_is_ended_is_one_sentence():
    with pytest.raises(UserError, match=r"every worker process must live .* for want of memory"):
        list(parallel.each(die_as_a_worker, range(100), workers=2))


def gradient(item):
    """An image that says which item it is; item 13 is bad."""
    if item == 13:
        raise ValueError("unlucky")
    return np.full((1, 4, 4), item % 256, dtype=np.uint8)


def source(train, test, **more):
    splits = [
        Split(ids=[f"{name}{item}" for item in items], labels=[item % 2 for item in items], items=items)
        for name, items in (("train", list(train)), ("test", list(test)))
    ]
    values = {"classes": ["even", "odd"], "shape": (1, 4, 4), "decode": gradient} | more
    return Source(train=splits[0], test=splits[1], **values)


def test_everything_is_where_it_belongs(tmp_path):
    made = source(range(20, 200), range(300, 310), notes={"a": 1}, attachments={"ng.csv": "x\n1\n"})
    preparation.write(made, tmp_path, 180, {"code": "abc"})
    assert {str(path) for path in files_below(tmp_path)} == {
        "dataset.json",
        "ng.csv",
        *(f"{split}/{name}" for split in ("train", "test") for name in ("images.npy", "index.parquet")),
    }
    images = np.load(tmp_path / "train/images.npy")
    assert images.dtype == np.uint8 and images[:, 0, 0, 0].tolist() == list(range(20, 200))
    assert (tmp_path / "ng.csv").read_text() == "x\n1\n"


def test_a_bad_test_image_leaves_no_train_images_either(tmp_path):
    with pytest.raises(UserError, match=r"Got 1 bad of 10 in test: test13 \(unlucky\); repair or remove them"):
        preparation.write(source(range(20, 40), range(10, 20)), tmp_path, 20, {})
    assert files_below(tmp_path) == {}


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (source([1, 3], [2]), "every class needs training images. Got none for even"),
        (source([1, 2], []), "the test split must hold images"),
        (source([1, 2, 2], [2]), "every image must have a name of its own. Got 'train2' twice in train"),
        (source([1, 2], [2], classes=["all"]), "a dataset needs at least 2 classes"),
    ],
)
def test_useless_sources_are_refused(tmp_path, made, message):
    with pytest.raises(UserError, match=message):
        preparation.write(made, tmp_path, len(made.train.ids), {})
    assert files_below(tmp_path) == {}


SCRIPT = """
# No "if __name__" guard, like the scripts that a workflow runs.
import os, sys
from pathlib import Path
from altools.runtime import parallel
from altools.data import prepare as preparation
from slow_source import made
assert not os.environ.get("STARTED_TWICE")
os.environ["STARTED_TWICE"] = "yes"
parallel.START_S, parallel.cores = 0, lambda: 2
preparation.write(made(), Path(sys.argv[1]), 1280, {"code": "abc"})
"""

SLOW_SOURCE = """
import os, time
from pathlib import Path
import numpy as np
from altools.data.sources import Source, Split

def decode(item):
    Path(os.environ["PIDS"], str(os.getpid())).touch()
    time.sleep(0.002)
    return np.full((1, 4, 4), item % 256, dtype=np.uint8)

def made():
    def split(n):
        return Split(ids=[str(i) for i in range(n)], labels=[i % 2 for i in range(n)], items=list(range(n)))
    return Source(classes=["a", "b"], shape=(1, 4, 4), train=split(1280), test=split(320), decode=decode)
"""


def test_killed_in_the_middle_and_started_again(tmp_path):
    (tmp_path / "pids").mkdir()
    (tmp_path / "slow_source.py").write_text(textwrap.dedent(SLOW_SOURCE))
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root}:{tmp_path}", "PIDS": str(tmp_path / "pids")}

    def start(folder):
        command = [sys.executable, str(tmp_path / "script.py"), str(folder)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    with start(tmp_path / "whole") as process:
        assert process.wait() == 0, process.stderr.read()
    whole = files_below(tmp_path / "whole")
    for pid in (tmp_path / "pids").iterdir():
        pid.unlink()
    with start(tmp_path / "killed") as process:
        deadline = time.monotonic() + 60
        while len(list((tmp_path / "pids").iterdir())) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    left = files_below(tmp_path / "killed")
    assert left and all(path.suffix == ".tmp" for path in left)  # killed in the middle, nothing looks done
    pids = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(alive(pid) for pid in pids)  # the workers ended with their parent
    with start(tmp_path / "killed") as process:
        assert process.wait() == 0, process.stderr.read()
    assert files_below(tmp_path / "killed") == whole


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize("side", [4, 256, 300])  # above 256 the squares of one channel of one image need 64 bits
def test_mean_and_std_are_exact(tmp_path, side):
    pixels = np.full((3, 2, side, side), 255, dtype=np.uint8)
    pixels[0, 1], pixels[1, :, 0] = 7, 130
    split = Split(ids=["a", "b", "c"], labels=[0, 1, 0], items=pixels)
    made = Source(classes=["x", "y"], shape=(2, side, side), train=split, test=split, decode=np.asarray)
    preparation.write(made, tmp_path, 3, {})
    facts = storage.read_json(tmp_path / "dataset.json")
    unit = pixels / 255
    assert facts["mean"] == pytest.approx(unit.mean((0, 2, 3)), abs=1e-6)
    assert facts["std"] == pytest.approx(unit.std((0, 2, 3)), abs=1e-6)
