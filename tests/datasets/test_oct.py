"""OCT2017: the real images, official test folder, train images by list or draw."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from altools.data import prepare as preparation
from altools.data import sources
from altools.data.sources import oct as oct2017
from altools.errors import UserError


@pytest.fixture(scope="session")
def published(raw, tmp_path_factory):
    """The sample with the images of unknown split in the place of train."""
    folder = tmp_path_factory.mktemp("oct")
    shutil.copytree(raw("oct") / "OCT2017", folder / "OCT2017")
    (folder / "OCT2017/unassigned").rename(folder / "OCT2017/train")
    return folder


@pytest.fixture
def copy(published, tmp_path):
    return shutil.copytree(published, tmp_path / "raw")


def refused(message, **options):
    with pytest.raises(UserError, match=message):
        sources.read("oct", options)


def test_the_real_images(published, prepare):
    got = prepare("oct", path=str(published), split="stratified", complete=False)
    assert got.facts["classes"] == ["CNV", "DME", "DRUSEN", "NORMAL"] and got.facts["shape"] == [1, 224, 224]
    assert got.facts["train"]["per_class"] == {"CNV": 5, "DME": 12, "DRUSEN": 7, "NORMAL": 6}
    assert got.facts["test"]["per_class"] == {"CNV": 8, "DME": 9, "DRUSEN": 9, "NORMAL": 9}
    name = "OCT2017/test/DME/DME-9583225-1.jpeg"
    pixels, label = got.image("test", name)
    with Image.open(published / name) as image:
        expected = np.asarray(image.convert("L").resize((224, 224), Image.Resampling.BILINEAR))
    assert label == "DME" and np.array_equal(pixels[0], expected)


def test_resizing_is_antialiased(tmp_path):
    stripes = np.zeros((448, 448), dtype=np.uint8)
    stripes[:, ::2] = 255  # every other column: without antialiasing a smaller image would be black or striped
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    small = oct2017.pixels.decode(io.BytesIO((tmp_path / "stripes.png").read_bytes()), size=112, channels=1)
    assert small.min() > 100 and small.max() < 155


def test_two_pictures_under_one_name_stay_apart(copy, prepare):
    name = "CNV/CNV-1016042-1.jpeg"
    shutil.copy(copy / "OCT2017/other_content" / name, copy / "OCT2017/train" / name)
    got = prepare("oct", path=str(copy / "OCT2017"), split="stratified", complete=False)
    train, _ = got.image("train", f"OCT2017/train/{name}")
    test, _ = got.image("test", f"OCT2017/test/{name}")
    assert not np.array_equal(train, test)
    # It is also one patient on both sides, which is said, not hidden.
    assert got.facts["notes"]["patients_in_both"] == 1
    assert got.facts["notes"]["test_images_of_train_patients"] == 1


def test_copies_and_leftovers_are_no_images(copy, prepare):
    folder = copy / "OCT2017/train/DME"
    shutil.copy(folder / "DME-7792808-22.jpeg", folder / "DME-7792808-22 (1).jpeg")
    (folder / ".DS_Store").write_bytes(b"x")
    got = prepare("oct", path=str(copy), split="stratified", complete=False)
    assert got.facts["train"]["per_class"]["DME"] == 12
    assert got.facts["notes"]["ignored"] == ["OCT2017/train/DME/DME-7792808-22 (1).jpeg"]


def test_the_papers_list_is_train_only_and_none_of_it_is_in_the_sample(published, materials):
    listed = str(materials / "oct_ids.txt")
    source = sources.read("oct", {"path": str(published), "list_file": listed, "complete": False})
    assert len(source.train.ids) == 0 and len(source.test.ids) == 35
    with pytest.raises(UserError, match=r"every class needs training images"):
        preparation.write(source, published / "out", 0, {})


def test_every_image_of_the_papers_list_is_taken(materials, tmp_path):
    names = (materials / "oct_ids.txt").read_text().split()
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for label in oct2017.CLASSES:
        (tmp_path / "OCT2017/test" / label).mkdir(parents=True)
        for number in range(242):
            (tmp_path / f"OCT2017/test/{label}/{label}-{number}-1.jpeg").touch()
    options = {"path": str(tmp_path), "list_file": str(materials / "oct_ids.txt")}
    source = sources.read("oct", options)
    assert list(source.train.ids) == names
    assert np.bincount(source.train.labels).tolist() == [2229, 679, 516, 1576]
    assert source.notes["train_patients"] == 1854
    (tmp_path / names[7]).unlink()
    refused(rf"every image listed in oct_ids.txt .* Got 1 of 5000 missing: {names[7]}; complete the copy", **options)
    (tmp_path / names[7]).touch()
    (tmp_path / "OCT2017/test/CNV/CNV-0-1.jpeg").unlink()
    refused(r"test must hold the published number of images .* Got CNV 241 instead of 242", **options)


def test_the_draw_is_stratified_and_fixed(tmp_path):
    for label, count in zip(oct2017.CLASSES, (400, 200, 100, 300), strict=True):
        for part, number in (("train", count), ("test", 242)):
            (tmp_path / "OCT2017" / part / label).mkdir(parents=True)
            for k in range(number):
                (tmp_path / f"OCT2017/{part}/{label}/{label}-{k}-1.jpeg").touch()
    options = {"path": str(tmp_path), "split": "stratified", "draw": 50}
    first, second = (sources.read("oct", options) for _ in range(2))
    assert np.bincount(first.train.labels).tolist() == [20, 10, 5, 15] and first.train.ids == second.train.ids
    assert first.train.labels != sorted(first.train.labels)
    refused("options.draw must be at most the number of train images. Got 2000 of 1000", **options | {"draw": 2000})


def test_what_is_missing_is_said(published, tmp_path):
    refused(r"absent does not exist; get it: OCT2017 from", path=str(tmp_path / "absent"))
    (tmp_path / "OCT2017/train").mkdir(parents=True)
    refused(r"must hold train/ with a folder per class. .*train/CNV does not exist", path=str(tmp_path))
