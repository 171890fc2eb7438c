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


PIXELS = np.arange(96, dtype=np.uint8).reshape(2, 3, 4, 4)


def write_array(path):
    with storage.new_array(path, PIXELS.shape) as array:
        array.write(1, PIXELS[1:])
        array.write(0, PIXELS[:1])


WRITERS = {
    "tensors": (lambda path: storage.write_tensors(path, {"a": torch.arange(60.0)}, {"seed": 1}), storage.read_tensors),
    "columns": (
        lambda path: storage.write_columns(path, {"x": np.arange(60), "id": np.array(["a"] * 60)}),
        storage.read_columns,
    ),
    "json": (lambda path: storage.write_json(path, {"a": 1, "b": [0.25, "x"]}), storage.read_json),
    "array": (write_array, lambda path: {"x": storage.open_array(path, storage.array_checksum(PIXELS))}),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_truncated_file_is_refused_by_name(tmp_path, kind):
    write, read = WRITERS[kind]
    path = tmp_path / "artefact"
    write(path)
    content = path.read_bytes()
    for length in range(0, len(content) - 1, max(1, len(content) // 50)):  # JSON can do without its last line end
        path.write_bytes(content[:length])
        with pytest.raises(UserError, match=r"artefact cannot be read .* delete it and run again"):
            read(path)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_flipped_bit_anywhere_is_refused_by_name_or_changes_nothing(tmp_path, kind):
    write, read = WRITERS[kind]
    path = tmp_path / "artefact"
    write(path)
    content, said = path.read_bytes(), as_lists(read(path))
    refused = 0
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            assert as_lists(read(path)) == said, position
        except UserError as error:
            assert "artefact cannot be read" in str(error)
            refused += 1
    assert refused > len(content) / 2


def as_lists(values):
    return {name: getattr(value, "tolist", lambda value=value: value)() for name, value in values.items()}


def test_an_array_of_objects_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="cannot be read"):
        storage.open_array(tmp_path / "x.npy", "00000000")


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="does not exist; name it as a target"):
        storage.read_json(tmp_path / "none.json")


def test_equal_tensors_give_equal_bytes(tmp_path):
    path, tensors = tmp_path / "x.safetensors", {"b": torch.ones(2), "a": torch.zeros(3)}
    written = set()
    for _ in range(20):
        storage.write_tensors(path, tensors, {"seed": 1, "code": "x"})
        written.add(path.read_bytes())
    assert len(written) == 1


@pytest.mark.parametrize("rows", [0, 1, 7, 12])
def test_words_come_back_as_few_objects_and_are_checked_in_parts(tmp_path, monkeypatch, rows):
    words = np.array([("margin", "bé", "random")[row % 3] for row in range(rows)], dtype=object)
    whole = storage.array_checksum(words)
    monkeypatch.setattr(storage, "CHUNK", 3)
    assert storage.array_checksum(words) == whole
    storage.write_columns(tmp_path / "t.parquet", {"strategy": words})
    found = storage.read_columns(tmp_path / "t.parquet")["strategy"]
    assert found.tolist() == words.tolist() and len({id(word) for word in found}) <= 3
