"""EuroSAT from the real tree and from a zip, with the paper's split and ours."""

import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from altools.data import sources
from altools.data.sources import eurosat
from altools.errors import UserError


@pytest.fixture
def tree(tmp_path):
    """Two made-up images of every class under their published names."""
    rng = np.random.default_rng(0)
    for label in eurosat.CLASSES:
        (tmp_path / "raw/2750" / label).mkdir(parents=True)
        for number in (1, 2):
            image = Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
            image.save(tmp_path / "raw/2750" / label / f"{label}_{number}.jpg")
    return tmp_path / "raw"


@pytest.fixture
def own_list(tmp_path):
    """Image 1 of every class is train, image 2 test."""
    names = [f"{label}/{label}_{number}.jpg" for number in (1, 2) for label in eurosat.CLASSES]
    (tmp_path / "list.txt").write_text("\n".join(names))
    return {"split": "list", "list_file": str(tmp_path / "list.txt"), "train_lines": 10, "complete": False}


def zipped(tree, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(tree.rglob("*")):
            archive.write(file, file.relative_to(tree))
    return path


def test_the_real_sample_with_the_papers_split(raw, materials, prepare):
    folder = raw("eurosat")
    (folder / "2750/.DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1")
    got = prepare("eurosat", path=str(folder), list_file=str(materials / "eurosat_ids.txt"), complete=False)
    assert got.images["train"].shape == (3000, 3, 64, 64) and got.images["test"].shape == (1000, 3, 64, 64)
    assert set(got.facts["train"]["per_class"].values()) == {300}
    assert set(got.facts["test"]["per_class"].values()) == {100}
    listed = (materials / "eurosat_ids.txt").read_text().split()
    train = set(listed[:22000])
    assert all(name in train for name in got.index["train"]["id"])
    assert not any(name in train for name in got.index["test"]["id"])
    name = got.index["test"]["id"][500]
    pixels, label = got.image("test", name)
    assert label == name.partition("/")[0]
    with Image.open(folder / "2750" / name) as image:
        assert np.array_equal(pixels, np.asarray(image).transpose(2, 0, 1))
    assert np.allclose(got.facts["mean"], got.images["train"].mean((0, 2, 3)) / 255, atol=2e-6)
    assert np.allclose(got.facts["std"], got.images["train"].std((0, 2, 3)) / 255, atol=2e-6)
    assert set(got.facts["checksums"]) == {"train files", "test files"}


def test_a_zip_gives_the_same_as_its_tree(tree, own_list, prepare, tmp_path):
    zipped(tree, tmp_path / "EuroSAT.zip")
    from_tree = prepare("eurosat", path=str(tree), **own_list)
    images, index = from_tree.images, from_tree.index
    from_zip = prepare("eurosat", path=str(tmp_path / "EuroSAT.zip"), **own_list)
    assert all(np.array_equal(images[split], from_zip.images[split]) for split in images)
    assert all(index[split].equals(from_zip.index[split]) for split in index)
    assert from_zip.facts["checksums"]["EuroSAT.zip"].startswith("sha256:")


def test_our_split_takes_what_is_there(tree, prepare):
    for label in eurosat.CLASSES:  # the first 40 numbers of every class, so that both parts get some
        for number in range(3, 41):
            shutil.copy(tree / "2750" / label / f"{label}_1.jpg", tree / "2750" / label / f"{label}_{number}.jpg")
    got = prepare("eurosat", path=str(tree / "2750"), split="stratified", complete=False)
    names = eurosat.stratified()
    assert len(got.index["train"]) + len(got.index["test"]) == 400
    assert set(got.index["train"]["id"]) < set(names[:22000]) and set(got.index["test"]["id"]) < set(names[22000:])


def refused(message, **options):
    with pytest.raises(UserError, match=message) as caught:
        sources.read("eurosat", options)
    assert "\n" not in str(caught.value)


def test_an_incomplete_copy_is_refused_by_its_counts(tree):
    refused(r"must hold the published number .* AnnualCrop 2 instead of 3000, Forest 2 instead", path=str(tree))


def test_a_class_more_is_refused(tree, monkeypatch):
    monkeypatch.setattr(eurosat, "COUNTS", dict.fromkeys(eurosat.CLASSES, 2))
    (tree / "2750/Lake").mkdir()
    shutil.copy(tree / "2750/River/River_1.jpg", tree / "2750/Lake/Lake_1.jpg")
    refused("Got Lake 1 instead of 0", path=str(tree), split="stratified")


def test_listed_images_that_are_missing_are_refused(tree, own_list, monkeypatch):
    monkeypatch.setattr(eurosat, "COUNTS", dict.fromkeys(eurosat.CLASSES, 2))
    lines = [f"Forest/Forest_{number}.jpg" for number in range(1, 9)]
    with open(own_list["list_file"], "w") as handle:
        handle.write("\n".join(lines))
    refused(r"Got 6 of 8 missing: Forest/Forest_3.jpg, .* and 1 more", path=str(tree), **own_list | {"complete": True})


def test_a_line_that_is_no_name_is_refused(tree, own_list):
    with open(own_list["list_file"], "a") as handle:
        handle.write("\n../../etc/passwd")
    refused(r"must read Class/Class_N.jpg. Got '../../etc/passwd'", path=str(tree), **own_list)


def test_an_absent_copy_says_where_to_get_it(tmp_path):
    refused(r"EuroSAT.zip does not exist; get it: EuroSAT.zip \(RGB\) from", path=str(tmp_path / "EuroSAT.zip"))


def test_bad_archives_are_refused(tree, own_list, prepare, tmp_path):
    path = zipped(tree, tmp_path / "EuroSAT.zip")
    (tmp_path / "half.zip").write_bytes(path.read_bytes()[:5000])
    refused("half.zip must be a whole zip archive", path=str(tmp_path / "half.zip"), **own_list)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("2750/../../evil.jpg", b"")
    refused("'2750/../../evil.jpg' is outside of it", path=str(path), **own_list)


def test_a_truncated_image_and_one_of_another_size_leave_nothing(tree, own_list, prepare, tmp_path):
    file = tree / "2750/Forest/Forest_1.jpg"
    file.write_bytes(file.read_bytes()[:300])
    Image.new("RGB", (64, 32)).save(tree / "2750/River/River_1.jpg")
    with pytest.raises(
        UserError, match=r"Got 2 bad of 10 in train: Forest/Forest_1.jpg \(.*; River/.*64x32 RGB, expec"
    ):
        prepare("eurosat", path=str(tree), **own_list)
    assert [path for path in (tmp_path / "prepared").rglob("*") if path.is_file()] == []


def test_a_member_with_a_wrong_crc_is_named(tree, own_list, prepare, tmp_path):
    path = zipped(tree, tmp_path / "EuroSAT.zip")
    content = bytearray(path.read_bytes())
    content[content.index(b"Forest_1.jpg") + 1000] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"Got 1 bad of 10 in train: Forest/Forest_1.jpg \(Bad CRC-32"):
        prepare("eurosat", path=str(path), **own_list)
