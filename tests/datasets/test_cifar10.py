"""CIFAR-10 from archive or folder: the checksum before anything is unpickled, and nothing dangerous let out."""

import csv
import hashlib
import io
import os
import pickle
import tarfile

import numpy as np
import pytest
from PIL import Image

from altools.data import sources
from altools.data.sources import cifar10
from altools.errors import UserError
from tests.samples import SHARED

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def batches(each=20):
    rng = np.random.default_rng(0)
    made = {
        name: {
            b"batch_label": name.encode(),
            b"labels": (np.arange(each) % 10).tolist(),
            b"data": rng.integers(0, 256, (each, 3072), dtype=np.uint8),
            b"filenames": [f"{name}_{row}.png".encode() for row in range(each)],
        }
        for names in cifar10.BATCHES.values()
        for name in names
    }
    return made | {"batches.meta": {b"label_names": [label.encode() for label in CLASSES], b"num_vis": 3072}}


def packed(path, contents):
    """Write the archive; values that are no bytes are pickled as the publisher did. Returns its MD5."""
    with tarfile.open(path, "w:gz") as archive:
        for name, value in contents.items():
            content = value if isinstance(value, bytes) else pickle.dumps(value, protocol=2)
            entry = tarfile.TarInfo(f"{cifar10.FOLDER}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return hashlib.md5(path.read_bytes()).hexdigest()


def unpacked(folder, contents):
    folder.mkdir(parents=True)
    written = [pickle.dumps(contents[name], protocol=2) for name in cifar10.FILES_MD5]
    for name, content in zip(cifar10.FILES_MD5, written, strict=True):
        (folder / name).write_bytes(content)
    return hashlib.md5(b"".join(written)).hexdigest()


def refused(message, **options):
    with pytest.raises(UserError, match=message) as caught:
        sources.read("cifar10", {"complete": False, **options})
    assert "\n" not in str(caught.value)


def test_an_archive_and_a_folder_give_the_same(tmp_path, prepare):
    contents = batches()
    md5 = packed(tmp_path / "c.tar.gz", contents)
    got = prepare("cifar10", path=str(tmp_path / "c.tar.gz"), md5=md5, complete=False)
    assert got.facts["classes"] == CLASSES and got.facts["checksums"] == {"c.tar.gz": f"md5:{md5}"}
    assert got.images["train"].shape == (100, 3, 32, 32) and got.images["test"].shape == (20, 3, 32, 32)
    assert np.array_equal(got.images["train"][43], contents["data_batch_3"][b"data"][3].reshape(3, 32, 32))
    assert got.index["train"]["id"][43] == "data_batch_3/data_batch_3_3.png"
    folder_md5 = unpacked(tmp_path / "folder", contents)
    again = prepare("cifar10", path=str(tmp_path / "folder"), md5=folder_md5, complete=False)
    assert all(np.array_equal(got.images[split], again.images[split]) for split in got.images)


def test_downloaded_when_absent(tmp_path, server, prepare):
    md5 = packed(server.folder / "c.tar.gz", batches())
    options = {"md5": md5, "address": f"{server.address}/c.tar.gz", "complete": False}
    for _ in range(2):
        prepare("cifar10", path=str(tmp_path / "raw/c.tar.gz"), **options)
    assert server.asked == ["/c.tar.gz"]
    refused(
        "what .*c.tar.gz sends must have the checksum md5:c58f30108f718f92721af3b95e74349a",
        path=str(tmp_path / "other.tar.gz"),
        address=options["address"],
    )
    assert not (tmp_path / "other.tar.gz").exists()


class Trap:
    """Leaves a mark if anybody unpickles it."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (os.mkdir, (self.path,))


def test_nothing_is_unpickled_before_the_checksum(tmp_path):
    contents = batches() | {"data_batch_1": Trap(tmp_path / "sprung")}
    packed(tmp_path / "c.tar.gz", contents)
    refused(r"c.tar.gz must have the checksum md5:c58f.* Got md5:", path=str(tmp_path / "c.tar.gz"))
    unpacked(tmp_path / "folder", contents)
    refused(r"data_batch_1 must have the publisher's checksum md5:c99c.* Got md5:", path=str(tmp_path / "folder"))
    refused(r"the files of .*folder must have the checksum md5:0. Got md5:", path=str(tmp_path / "folder"), md5="0")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_with_the_right_checksum_a_trap_is_still_not_sprung(tmp_path, protocol):
    trap = pickle.dumps(Trap(tmp_path / "sprung"), protocol=protocol)
    md5 = packed(tmp_path / "c.tar.gz", batches() | {"data_batch_1": trap})
    refused(
        r"data_batch_1 must be a batch of CIFAR-10. It is not \(it asks for \w+.mkdir\)",
        path=str(tmp_path / "c.tar.gz"),
        md5=md5,
    )
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "spoilt",
    [
        {b"labels": list(range(10))},
        {b"labels": [11] * 20},
        {b"data": np.zeros((20, 3072))},
        {b"data": np.zeros((20, 3071), dtype=np.uint8)},
        {b"filenames": ["text"] * 20},
    ],
)
def test_odd_batches_are_refused(tmp_path, spoilt):
    contents = batches()
    contents["data_batch_2"] |= spoilt
    md5 = packed(tmp_path / "c.tar.gz", contents)
    refused("data_batch_2 must hold uint8 data", path=str(tmp_path / "c.tar.gz"), md5=md5)


def test_missing_batches_truncation_and_counts(tmp_path):
    contents = batches()
    path = tmp_path / "c.tar.gz"
    refused("Got train|airplane 10 instead of 5000", path=str(path), md5=packed(path, contents), complete=True)
    del contents["data_batch_4"]
    refused("Got no data_batch_4; get", path=str(path), md5=packed(path, contents))
    path.write_bytes(path.read_bytes()[:2000])
    refused("must be a whole tar archive", path=str(path), md5=hashlib.md5(path.read_bytes()).hexdigest())


@pytest.mark.slow
def test_the_derived_pickles_of_all_images(raw, prepare):
    folder = raw("cifar10") / cifar10.FOLDER
    whole = hashlib.md5(b"".join((folder / name).read_bytes() for name in cifar10.FILES_MD5)).hexdigest()
    got = prepare("cifar10", path=str(folder), md5=whole)
    assert got.images["train"].shape == (50000, 3, 32, 32) and got.images["test"].shape == (10000, 3, 32, 32)
    assert set(got.facts["train"]["per_class"].values()) == {5000}
    # The first 200 training images are at hand without loss: the same pictures in the same order.
    with tarfile.open(SHARED / "cifar10/cifar10_first200_png.tar") as archive:
        members = sorted((member for member in archive if member.isfile()), key=lambda member: member.name)
        exact = np.stack([np.asarray(Image.open(archive.extractfile(member)).convert("RGB")) for member in members])
    derived = got.images["train"][:200].transpose(0, 2, 3, 1).astype(int)
    nearest = [int(np.abs(exact.astype(int) - image).mean((1, 2, 3)).argmin()) for image in derived]
    assert nearest == list(range(200)) and np.abs(derived - exact).mean() < 10


def test_the_lossless_pngs_through_image_folder(tmp_path, prepare):
    if not (SHARED / "cifar10").exists():
        pytest.skip("the real samples (../shared/data) are not at hand")
    with open(SHARED / "cifar10/cifar10_order.csv", newline="") as handle:
        labels = [CLASSES[int(row["label"])] for row in csv.DictReader(handle) if row["split"] == "train"][:200]
    exact = {}
    with tarfile.open(SHARED / "cifar10/cifar10_first200_png.tar") as archive:
        for number, label in enumerate(labels):
            content = archive.extractfile(f"train_png/{number:05d}.png").read()
            name = f"{label}/{number:05d}.png"
            exact[name] = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).transpose(2, 0, 1)
            for split in ("train", "test"):
                (tmp_path / "raw" / split / label).mkdir(parents=True, exist_ok=True)
                (tmp_path / "raw" / split / name).write_bytes(content)
    got = prepare("image_folder", path=str(tmp_path / "raw"), size=32)
    assert got.facts["classes"] == CLASSES and got.facts["train"]["images"] == 200
    for name, pixels in exact.items():
        found, label = got.image("train", name)
        assert np.array_equal(found, pixels) and label == name.partition("/")[0]
