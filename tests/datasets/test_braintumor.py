"""BrainTumor: the real labels and folds, pixels stretched and upright, and files that are refused."""

import csv
from collections import Counter

import h5py
import numpy as np
import pytest

from altools.data import sources
from altools.data.sources import braintumor
from altools.errors import UserError
from tests.samples import SHARED


def write(path, image, *, label=1, patient="100360"):
    with h5py.File(path, "w", userblock_size=512) as file:
        group = file.create_group("cjdata")
        group["label"] = np.array([[float(label)]])
        group["PID"] = np.array([[ord(letter)] for letter in patient], dtype=np.uint16)
        group["image"] = image


@pytest.fixture
def made(tmp_path):
    """Fifteen slices, three classes in five folds, of odd sizes and ranges."""
    folder = tmp_path / "raw"
    folder.mkdir()
    folds = np.ones((1, braintumor.SLICES))
    rng = np.random.default_rng(0)
    for number in range(1, 16):
        folds[0, number - 1] = (number - 1) // 3 + 1
        size = 256 if number == 2 else 512
        image = rng.integers(-1200, 30000, (size, size)).astype(np.int16)
        write(folder / f"{number}.mat", image, label=(number - 1) % 3 + 1, patient=f"MR{number:06d}")
    with h5py.File(folder / "cvind.mat", "w") as file:
        file["cvind"] = folds
    return folder


def refused(message, path, **options):
    with pytest.raises(UserError, match=message) as caught:
        sources.read("braintumor", {"path": str(path), "complete": False, **options})
    assert "\n" not in str(caught.value)


def test_the_real_slices(raw, prepare):
    got = prepare("braintumor", path=str(raw("braintumor")), complete=False)
    with open(SHARED / "braintumor/braintumor_cv.csv", newline="") as handle:
        known = {f"{row['sample_id']}.mat": row for row in csv.DictReader(handle)}
    per_fold = Counter()
    for split, rows in got.index.items():
        for name, label in zip(rows["id"], rows["label"], strict=True):
            row = known[name]
            assert got.facts["classes"][label] == braintumor.LABELS[int(row["label"])]
            assert (row["fold"] == "5") == (split == "test")
            per_fold[got.facts["classes"][label], int(row["fold"])] += 1
    assert set(per_fold.values()) == {20} and len(per_fold) == 15
    assert got.facts["notes"]["per_fold"] == {label: [20] * 5 for label in braintumor.CLASSES}
    assert got.facts["notes"]["patients_in_both"] == 0
    # Black outside of the head, brain brighter, and the whole range used.
    corners = got.images["train"][:, 0, :8, :8]
    assert np.median(corners) < 10 and np.median(got.images["train"].max((1, 2, 3))) > 180


def test_the_reference_counts_are_those_of_all_folds(raw):
    with open(SHARED / "braintumor/braintumor_cv.csv", newline="") as handle:
        counts = Counter((braintumor.LABELS[int(row["label"])], int(row["fold"])) for row in csv.DictReader(handle))
    assert {label: tuple(counts[label, fold] for fold in range(1, 6)) for label in braintumor.CLASSES} == (
        braintumor.PER_FOLD
    )
    assert sum(counts.values()) == braintumor.SLICES


def test_slices_stand_upright_and_use_the_whole_range(made, prepare):
    matlab = np.zeros((256, 256), dtype=np.int16)
    matlab[:64] = 3000  # the upper quarter as MATLAB shows it
    matlab[128:] = -1000
    write(made / "1.mat", matlab.T)  # column-major, as MATLAB stores
    pixels, label = prepare("braintumor", path=str(made), complete=False).image("train", "1.mat")
    assert label == "meningioma"
    assert (pixels[0, :64] == 255).all() and (pixels[0, 64:128] == 64).all() and (pixels[0, 128:] == 0).all()


def test_both_sizes_and_a_constant_slice_survive(made, prepare):
    write(made / "3.mat", np.full((512, 512), 700, dtype=np.int16), label=3)
    got = prepare("braintumor", path=str(made), complete=False)
    assert got.images["train"].shape == (12, 1, 256, 256) and got.images["test"].shape == (3, 1, 256, 256)
    assert not got.image("train", "3.mat")[0].any()


def test_another_test_fold(made):
    source = sources.read("braintumor", {"path": str(made), "test_fold": 2, "complete": False})
    assert source.test.ids == ["4.mat", "5.mat", "6.mat"] and len(source.train.ids) == 12


def test_an_incomplete_copy_is_refused_by_its_counts(made):
    refused("glioma in fold 1 1 instead of 245", made, complete=True)


def test_a_truncated_file_is_refused(made):
    file = made / "7.mat"
    file.write_bytes(file.read_bytes()[:3000])
    refused(r"every slice must be readable. Got 1 bad of 15 in .*: 7.mat \(truncated file", made)


def test_a_file_without_cjdata_is_refused(made):
    with h5py.File(made / "7.mat", "w") as file:
        file["other"] = np.zeros(3)
    (made / "8.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    refused(r"Got 2 bad of 15 in .*: 7.mat \(it holds no cjdata\); 8.mat \(.*signature", made)


def test_an_unknown_label_is_refused(made):
    write(made / "7.mat", np.zeros((4, 4)), label=4)
    refused(r"7.mat \(label 4, expected 1, 2 or 3\)", made)


@pytest.mark.parametrize(("count", "value"), [(100, 1), (3065, 1), (3064, 6), (3064, 1.5)])
def test_other_folds_are_refused(made, count, value):
    (made / "cvind.mat").unlink()
    with h5py.File(made / "cvind.mat", "w") as file:
        file["cvind"] = np.full((1, count), float(value))
    refused(rf"cvind.mat must hold 3064 folds, each 1 to 5. Got {count} with values {value:g}; get it again", made)


def test_what_is_missing_or_twice_is_said(made, tmp_path):
    refused(r"absent does not exist; get it: all four zips", tmp_path / "absent")
    (made / "more").mkdir()
    (made / "more/1.mat").write_bytes((made / "1.mat").read_bytes())
    refused(r"every slice must be there once. Got .*1.mat and .*1.mat; remove one", made)
    (made / "more/1.mat").unlink()
    (made / "cvind.mat").unlink()
    refused("must hold cvind.mat, the folds", made)
    refused("must hold the slices 1.mat to 3064.mat. It holds none", made / "more")


def test_nan_pixels_are_refused_and_leave_nothing(made, prepare, tmp_path):
    write(made / "1.mat", np.full((8, 8), np.nan))
    with pytest.raises(UserError, match=r"Got 1 bad of 12 in train: 1.mat \(values must be finite\)"):
        prepare("braintumor", path=str(made), complete=False)
    assert [path for path in (tmp_path / "prepared").rglob("*") if path.is_file()] == []
