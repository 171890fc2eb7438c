"""Whatever stands in a config or a raw file, only `UserError` comes out. HYPOTHESIS_PROFILE=long looks for minutes."""

import copy
import hashlib
import pickle
import shutil
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from altools.config import schema as config
from altools.data import prepare, sources
from altools.data.raw import archives
from altools.data.sources import cifar10, eurosat, oct
from altools.errors import UserError
from altools.runtime import parallel
from tests.repositories import TINY

VALID = yaml.safe_load(TINY)

# --- the config ------------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(sorted({*config.Config.model_fields, *config.Dataset.model_fields, "use", "margin"})) | st.text()
NAMES = st.sampled_from(
    ["margin", "../x", "a b", "", ".", "..", "é", "a/b", "shared", "overall", "x\0", "a\n", "{seed}"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | NAMES | st.dates()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def places(value, path=()):
    """Yield the path of every value in a nest of mappings and lists."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def replaced(path, value, add=None):
    """Return the valid config with another value at a path, or with a key more there."""
    inner = changed = copy.deepcopy(VALID)
    for key in path[:-1]:
        inner = inner[key]
    if add and isinstance(inner[path[-1]], dict):
        inner[path[-1]][add] = value
    else:
        inner[path[-1]] = value
    return changed


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(list(places(VALID))[1:]), value=VALUES, add=st.none() | KEYS)
@example(path=("datasets", 0, "name"), value="overall", add=None)
@example(path=("results",), value="a{b}", add=None)
def test_any_config_is_valid_or_refused_in_words(path, value, add):
    try:
        checked = config.load(replaced(path, value, add))
    except UserError as error:
        assert str(error)
    else:
        for name in [*checked.strategies, *(dataset.name for dataset in checked.datasets)]:
            assert name.strip(" .") and not set(name) & set("/\\\0\n{}"), name


@pytest.mark.parametrize("name", ["digits of 1998", "Ziffern-größe", "数字", "a+b.c"])
def test_names_with_spaces_and_of_any_script_are_names(name):
    assert config.load(replaced(("datasets", 0, "name"), name)).dataset(name).name == name


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "..", ".", "", " a", "a ", "x\0", "a\n", "{seed}", "overall", "-x", "a:b"]
)
def test_names_that_are_no_folder_are_refused(name):
    with pytest.raises(UserError, match="name"):
        config.load(replaced(("datasets", 0, "name"), name))


# --- raw files -------------------------------------------------------------------------------------------------------


def picture(path, size=(8, 8), value=7):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, 0, 0)).save(path)


def make_image_folder(root):
    for place in ("train/cat/0.png", "train/dog/0.jpg", "test/cat/0.png", "test/dog/0.bmp"):
        picture(root / place)
    return {"path": str(root), "size": 8, "channels": 3}


def make_imagenet(root):
    for place in ("train/n01440764/a.JPEG", "train/n01443537/b.JPEG", "val/n01440764/c.JPEG", "val/n01443537/d.JPEG"):
        picture(root / place)
    return {"path": str(root), "complete": False}


def make_eurosat(root):
    names = [f"{label}/{label}_{number}.jpg" for number in (1, 2) for label in eurosat.CLASSES]
    for name in names:
        picture(root / "2750" / name, (64, 64))
    (root / "list.txt").write_text("\n".join(names))
    options = {"split": "list", "list_file": str(root / "list.txt"), "train_lines": 10, "complete": False}
    return {"path": str(root), **options}


def make_eurosat_zip(root):
    options = make_eurosat(root / "tree")
    with zipfile.ZipFile(root / "EuroSAT.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((root / "tree/2750").rglob("*.jpg")):
            archive.write(file, file.relative_to(root / "tree"))
    shutil.move(root / "tree/list.txt", root / "list.txt")
    shutil.rmtree(root / "tree")
    return {**options, "path": str(root / "EuroSAT.zip"), "list_file": str(root / "list.txt")}


def make_ksdd2(root):
    for number, (split, defect) in enumerate([("train", 0), ("train", 1), ("test", 0), ("test", 1)]):
        picture(root / f"{split}/{20000 + number}.png", (23, 64))
        Image.new("L", (23, 64), 255 * defect).save(root / f"{split}/{20000 + number}_GT.png")
    return {"path": str(root), "complete": False}


def make_oct(root):
    for label in oct.CLASSES:
        for split in ("train", "test"):
            for number in range(2):
                picture(root / f"OCT2017/{split}/{label}/{label}-{number}-1.jpeg", (20, 16))
    return {"path": str(root), "split": "stratified", "draw": 4, "complete": False}


def make_gaps(root):
    for subset, number in (("train", "0"), ("train", "1"), ("test", "00")):
        folder = root / "v2/ZEB_50k_64" / subset
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"chunks_64x64_ZEB_50k_{subset}_chunk_{number}"
        np.save(folder / f"{stem}_x.npy", np.linspace(0, 1, 6 * 64 * 64, dtype=np.float32).reshape(6, 1, 64, 64))
        np.save(folder / f"{stem}_y.npy", np.arange(6))
    return {"path": str(root), "patch_size": 64, "complete": False}


def make_braintumor(root):
    folds = np.ones((1, 3064))
    for number in range(1, 7):
        folds[0, number - 1] = 1 if number < 4 else 5
        with h5py.File(root / f"{number}.mat", "w", userblock_size=512) as file:
            group = file.create_group("cjdata")
            group["label"] = np.array([[float((number - 1) % 3 + 1)]])
            group["PID"] = np.array([[ord(letter)] for letter in f"MR{number}"], dtype=np.uint16)
            group["image"] = np.arange(256 * 256, dtype=np.int16).reshape(256, 256)
    with h5py.File(root / "cvind.mat", "w") as file:
        file["cvind"] = folds
    return {"path": str(root), "complete": False}


def make_cifar10(root):
    folder = root / cifar10.FOLDER
    folder.mkdir()
    for name in cifar10.FILES_MD5:
        batch = {b"labels": list(range(10)), b"data": np.zeros((10, 3072), dtype=np.uint8)}
        batch[b"filenames"] = [f"{name}_{row}.png".encode() for row in range(10)]
        labels = {b"label_names": [b"c%d" % number for number in range(10)]}
        (folder / name).write_bytes(pickle.dumps(labels if name == cifar10.META else batch, protocol=2))
    return {"path": str(folder), "complete": False}


def make_cifar10_archive(root):
    make_cifar10(root)
    with tarfile.open(root / "c.tar.gz", "w:gz") as archive:
        archive.add(root / cifar10.FOLDER, cifar10.FOLDER)
    shutil.rmtree(root / cifar10.FOLDER)
    return {"path": str(root / "c.tar.gz"), "complete": False}


MAKERS = {
    "image_folder": make_image_folder,
    "imagenet": make_imagenet,
    "eurosat": make_eurosat,
    "eurosat zip": make_eurosat_zip,
    "ksdd2": make_ksdd2,
    "oct": make_oct,
    "gaps": make_gaps,
    "braintumor": make_braintumor,
    "cifar10": make_cifar10,
    "cifar10 archive": make_cifar10_archive,
}


def trusted(options):
    """State the checksum of damaged CIFAR-10 files, so that they are read all the same."""
    path = options["path"]
    if path.endswith(".gz"):
        return {**options, "md5": hashlib.md5(Path(path).read_bytes()).hexdigest()}
    whole = b"".join(Path(path, name).read_bytes() for name in cifar10.FILES_MD5)
    return {**options, "md5": hashlib.md5(whole).hexdigest()}


DAMAGE = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1), st.just(b"")),
    st.tuples(st.just("flip"), st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=1)),
    st.tuples(st.just("overwrite"), st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("replace"), st.just(0.0), st.binary(max_size=200)),
)


def damaged(content, how, where, by):
    at = int(where * len(content))
    if how == "cut":
        return content[:at]
    if how == "flip" and content:
        return content[:at] + bytes([content[at] ^ (by[0] or 1)]) + content[at + 1 :]
    return by if how == "replace" else content[:at] + by + content[at + len(by) :]


class Raw:
    """A small valid copy of a source's raw files."""

    def __init__(self, kind, root):
        self.source = kind.partition(" ")[0]
        self.options = MAKERS[kind](root)
        self.files = {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
        self.target = root / "prepared"

    def prepare(self):
        options = trusted(self.options) if self.source == "cifar10" else self.options
        archives._opened.cache_clear()  # it knows a zip by its path
        source = sources.read(self.source, options)
        prepare.write(source, self.target, len(source.train.ids), {})


@pytest.fixture(scope="module", params=MAKERS)
def raw(request, tmp_path_factory):
    return Raw(request.param, tmp_path_factory.mktemp("raw"))


def test_the_copies_are_valid(raw):
    raw.prepare()
    assert (raw.target / "dataset.json").exists()


@settings(
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(number=st.integers(0, 999), how=DAMAGE)
def test_damaged_raw_files_are_refused_in_words(raw, number, how, monkeypatch):
    monkeypatch.setattr(parallel, "cores", lambda: 1)
    path = list(raw.files)[number % len(raw.files)]
    path.write_bytes(damaged(raw.files[path], *how))
    try:
        raw.prepare()
    except UserError as error:
        assert "\n" not in str(error)
    finally:
        path.write_bytes(raw.files[path])
