"""GAPs in its published layout; the pickled info file beside the chunks is never opened."""

import pickle

import numpy as np
import pytest

from altools.data import sources
from altools.data.sources import gaps
from altools.errors import UserError

SIZE = 64


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("the info file was unpickled",))


def name(subset, number, letter):
    return f"chunks_{SIZE}x{SIZE}_ZEB_50k_{subset}_chunk_{number}_{letter}.npy"


@pytest.fixture
def made(tmp_path):
    """Chunks of six patches, a class each, numbered with one digit in train and two in test."""
    rng = np.random.default_rng(0)
    for subset, numbers in (("train", ["0", "1", "2"]), ("test", ["00", "01"])):
        folder = tmp_path / f"raw/v2/ZEB_50k_{SIZE}" / subset
        folder.mkdir(parents=True)
        for number in numbers:
            patches = rng.uniform(-0.3, 0.4, (6, 1, SIZE, SIZE)).astype(np.float32)
            np.save(folder / name(subset, number, "x"), patches)
            np.save(folder / name(subset, number, "y"), np.arange(6))
        (folder / f"chunks_{SIZE}x{SIZE}_ZEB_50k_{subset}_info.pkl").write_bytes(pickle.dumps(Bomb()))
    return tmp_path / "raw"


def chunk(made, subset, number, letter):
    return made / f"v2/ZEB_50k_{SIZE}" / subset / name(subset, number, letter)


def refused(message, made, **options):
    with pytest.raises(UserError, match=message) as caught:
        sources.read("gaps", {"path": str(made), "patch_size": SIZE, "complete": False, **options})
    assert "\n" not in str(caught.value)


def test_chunks_zero_and_one_are_train(made, prepare):
    got = prepare("gaps", path=str(made), patch_size=SIZE, complete=False)
    assert got.images["train"].shape == (12, 1, SIZE, SIZE) and got.images["test"].shape == (6, 1, SIZE, SIZE)
    assert got.facts["classes"] == ["AppliedPatch", "Crack", "InlaidPatch", "IntactRoad", "OpenJoint", "Pothole"]
    # Published numbers: 0 intact road, 1 applied patch, 2 pothole, 3 inlaid patch, 4 open joint, 5 crack.
    assert got.index["train"]["label"].tolist() == [3, 0, 5, 2, 4, 1] * 2
    patch = np.load(chunk(made, "train", "1", "x"))[4, 0]
    pixels, label = got.image("train", "train/chunk1/4")
    expected = np.rint((patch - patch.min()) / (patch.max() - patch.min()) * 255)
    assert label == "OpenJoint" and np.abs(pixels[0] - expected).max() <= 1
    assert pixels.min() == 0 and pixels.max() == 255
    assert len(got.facts["checksums"]) == 6


def test_a_constant_patch_is_black(made, prepare):
    patches = np.load(chunk(made, "test", "00", "x"))
    patches[2] = 0.7
    np.save(chunk(made, "test", "00", "x"), patches)
    got = prepare("gaps", path=str(made), patch_size=SIZE, complete=False)
    assert not got.images["test"][2].any()


@pytest.mark.parametrize("letter", "xy")
def test_object_arrays_are_refused_unopened(made, letter):
    np.save(chunk(made, "train", "1", letter), np.array([Bomb()] * 6, dtype=object), allow_pickle=True)
    refused(rf"chunk_1_{letter}.npy must be a .npy file of plain numbers. It is not", made)


def test_broken_chunks_are_refused(made):
    file = chunk(made, "train", "0", "x")
    whole = file.read_bytes()
    file.write_bytes(whole[:5000])
    refused("chunk_0_x.npy must be a .npy file of plain numbers", made)
    np.save(file, np.zeros((6, SIZE, SIZE)))
    refused(r"must hold numbers of shape \(n, 1, 64, 64\). Got float64 \(6, 64, 64\)", made)
    file.write_bytes(whole)
    np.save(chunk(made, "train", "0", "y"), np.arange(5))
    refused(r"chunk_0_y.npy must hold 6 class numbers 0 to 5. Got int64 \(5,\)", made)
    np.save(chunk(made, "train", "0", "y"), np.arange(6) + 1)
    refused(r"Got int64 \(6,\), values \[1, 2, 3, 4, 5, 6\]", made)


def test_nan_is_refused(made, prepare):
    patches = np.load(chunk(made, "test", "00", "x"))
    patches[2, 0, 3, 3] = np.nan
    np.save(chunk(made, "test", "00", "x"), patches)
    with pytest.raises(UserError, match=r"Got 1 bad of 6 in test: test/chunk0/2 \(values must be finite\)"):
        prepare("gaps", path=str(made), patch_size=SIZE, complete=False)


def test_what_is_missing_is_said_with_the_licence(made, tmp_path):
    refused(r"a licence is needed\). .*absent does not exist; get it: ask TU Ilmenau", tmp_path / "absent")
    refused(r"ZEB_50k_224/train must hold chunks_224x224_ZEB_50k_train_chunk_0_x.npy.*licence", made, patch_size=224)
    refused("Got train 12 instead of 50000, test 6 instead of 10000", made, complete=True)
    chunk(made, "test", "00", "y").unlink()
    refused("must hold .*_test_chunk_0_y.npy. It does not", made)
    assert len(gaps.BY_NUMBER) == 6
