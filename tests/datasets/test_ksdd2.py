"""KSDD2: labels from masks, real ids and sizes, and the paper's list agreed with."""

import shutil

import numpy as np
import pytest
from PIL import Image

from altools.data import sources
from altools.data.sources import ksdd2
from altools.errors import UserError


@pytest.fixture
def copy(raw, tmp_path):
    return shutil.copytree(raw("ksdd2"), tmp_path / "raw")


def refused(message, path, **options):
    with pytest.raises(UserError, match=message):
        sources.read("ksdd2", {"path": str(path), "complete": False, **options})


def test_the_real_ids(raw, materials, prepare):
    got = prepare("ksdd2", path=str(raw("ksdd2")), list_file=str(materials / "ksdd2_test.csv"), complete=False)
    assert got.facts["classes"] == ["NG", "OK"] and got.facts["shape"] == [3, 256, 256]
    assert got.facts["train"]["per_class"] == got.facts["test"]["per_class"] == {"NG": 12, "OK": 12}
    assert got.facts["notes"]["agrees_with_paper"] is True
    listed = {line.split(",")[1] for line in (got.folder / "ng_ids.csv").read_text().splitlines() if "test" in line}
    assert listed <= set((materials / "ksdd2_test.csv").read_text().split()) and len(listed) == 12
    name = got.index["test"]["id"][0]
    with Image.open(raw("ksdd2") / name) as image:
        assert np.array_equal(got.image("test", name)[0][0], np.asarray(image.resize((256, 256), 2))[..., 0])


def test_a_disagreement_with_the_paper_is_stated(copy, materials, prepare):
    masks = sorted((copy / "test").glob("*_GT.png"))
    ng = next(mask for mask in masks if np.asarray(Image.open(mask)).any())
    Image.fromarray(np.zeros_like(np.asarray(Image.open(ng)))).save(ng)
    shutil.copy(materials / "ksdd2_test.csv", copy.parent / "ksdd2_test.csv")  # found beside the raw data
    notes = prepare("ksdd2", path=str(copy), complete=False).facts["notes"]
    assert notes["agrees_with_paper"] is False and notes["ng_only_in_paper"] == [ng.name[:5]]
    assert notes["ng_only_here"] == []


def test_without_the_list_nothing_is_stated(copy):
    assert sources.read("ksdd2", {"path": str(copy), "complete": False}).notes["agrees_with_paper"] is None


def test_the_published_copy_in_train_is_ignored(copy, prepare):
    shutil.copy(next((copy / "train").glob("?????.png")), copy / "train/10301 (copy).png")
    (copy / "train/.DS_Store").write_bytes(b"x")
    got = prepare("ksdd2", path=str(copy), complete=False)
    assert got.facts["train"]["images"] == 24 and got.facts["notes"]["ignored"] == ["train/10301 (copy).png"]


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA"])
def test_one_pixel_in_any_kind_of_mask_is_a_defect(tmp_path, mode):
    Image.new("RGB", (23, 64)).save(tmp_path / "20000.png")
    mask = Image.new("L", (23, 64))
    mask.convert(mode).save(tmp_path / "20000_GT.png")
    assert ksdd2.defective(tmp_path / "20000.png") is False
    mask.putpixel((22, 63), 255)
    mask.convert(mode).save(tmp_path / "20000_GT.png")
    assert ksdd2.defective(tmp_path / "20000.png") is True


def test_bad_masks_are_refused(copy):
    images = sorted((copy / "test").glob("?????.png"))[:3]
    Image.new("L", (5, 7)).save(ksdd2.mask_of(images[0]))
    ksdd2.mask_of(images[1]).unlink()
    ksdd2.mask_of(images[2]).write_bytes(ksdd2.mask_of(images[2]).read_bytes()[:60])
    refused(
        rf"Got 3 bad of 48 in .*: {images[0].name} \(its mask is 5x7, the image \d+x\d+\); "
        rf"{images[1].name} \({images[1].stem}_GT.png is missing\); {images[2].name} \(it or its mask cannot be read",
        copy,
    )


def test_an_incomplete_copy_is_refused_by_its_counts(copy):
    refused(
        r"train must hold the published number .* Got NG 12 instead of 246, OK 12 instead of 2085", copy, complete=True
    )


def test_what_is_missing_is_said(copy, tmp_path):
    refused(r"absent does not exist; get it: KolektorSDD2.zip", tmp_path / "absent")
    shutil.rmtree(copy / "test")
    refused(r"test must be a folder of images and masks. It does not exist", copy)
    (copy / "test").mkdir()
    refused(r"test must hold images NNNNN.png. It holds none", copy)
