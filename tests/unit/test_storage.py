"""Artefacts are atomic, and a damaged one is named, never used."""

import numpy as np
import pytest
import torch

from altools import storage
from altools.errors import UserError


def test_a_failed_write_leaves_neither_file_nor_remains(tmp_path):
    with pytest.raises(RuntimeError), storage.atomic(tmp_path / "x.json") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file(tmp_path):
    storage.write_json(tmp_path / "x.json", {"a": 1})
    with pytest.raises(RuntimeError), storage.new_array(tmp_path / "x.json", (2, 2)):
        raise RuntimeError
    assert storage.read_json(tmp_path / "x.json") == {"a": 1}


def test_numbers_that_json_lacks_become_null(tmp_path):
    storage.write_json(tmp_path / "x.json", {"a": float("nan"), "b": [float("inf"), 1.5]})
    assert storage.read_json(tmp_path / "x.json") == {"a": None, "b": [None, 1.5]}


def test_equal_tables_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        storage.write_columns(
            tmp_path / name, {"x": np.arange(5), "y": np.array(["ä", "b", "c", "d", "e"], dtype=object)}
        )
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_tensors_come_back(tmp_path):
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "scalar": torch.tensor(3), "empty": torch.zeros(0, 2)}
    storage.write_tensors(tmp_path / "x", tensors)
    read = storage.read_tensors(tmp_path / "x")
    assert all(torch.equal(read[name], value) for name, value in tensors.items())
    storage.write_tensors(tmp_path / "none", {})
    assert storage.read_tensors(tmp_path / "none") == {}


WRITERS = {
    "tensors": (lambda path: storage.write_tensors(path, {"a": torch.arange(4000.0)}), storage.read_tensors),
    "columns": (
        lambda path: storage.write_columns(path, {"x": np.random.default_rng(0).random(4000)}),
        storage.read_columns,
    ),
    "json": (lambda path: storage.write_json(path, {"a": 1}), storage.read_json),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_truncated_file_is_refused_by_name(tmp_path, kind):
    write, read = WRITERS[kind]
    path = tmp_path / "artefact"
    write(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match=r"artefact cannot be read .* delete it and run again"):
        read(path)


@pytest.mark.parametrize("kind", ["tensors", "columns"])
def test_a_flipped_bit_is_refused_by_name(tmp_path, kind):
    write, read = WRITERS[kind]
    path = tmp_path / "artefact"
    write(path)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 4
    path.write_bytes(damaged)
    with pytest.raises(UserError, match="artefact cannot be read"):
        read(path)


def test_an_array_of_objects_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="cannot be read"):
        storage.open_array(tmp_path / "x.npy")


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="does not exist; name it as a target"):
        storage.read_json(tmp_path / "none.json")
