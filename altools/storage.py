"""The only reader and writer of artefacts: parquet, safetensors, JSON and ``.npy``, all atomic, none unpickled.

A file appears under its name only when it is complete (written beside it, flushed, renamed), so a killed job leaves
nothing that looks done. Every file carries checksums of what it says (that of an array stands elsewhere), so a
damaged one is refused with its name and what to do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from altools.errors import UserError, first_line

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

CHUNK = 1 << 16
"""Words of a column whose checksum is computed at a time."""

Provenance = Mapping[str, Any]
"""Which code, config and device made an artefact; plain JSON values."""


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place if the block succeeds, remove it if not."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with open(temporary, "rb+") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn whatever a reader raises on a damaged file into one sentence."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; name it as a target to have it built.") from None
    except Exception as error:  # damage makes readers raise anything, EOFError and OverflowError too
        raise UserError(f"{path} cannot be read ({first_line(error)}); delete it and run again.") from None


def write_json(path: str | Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object and its checksum; NaN and infinities become null, which every reader of JSON accepts."""
    plain = _finite(value)
    signed = {**plain, "crc32": _crc(json.dumps(plain))}
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(signed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def write_text(path: str | Path, text: str) -> None:
    """Write a text file with the line ends it is given."""
    with atomic(path) as temporary:
        temporary.write_bytes(text.encode())


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON object and verify its checksum."""
    with reading(path):
        value = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise ValueError(f"expected an object, got {type(value).__name__}")
        _verify(value.pop("crc32", None), _crc(json.dumps(value)))
        return value


def write_table(path: str | Path, table: pd.DataFrame, provenance: Provenance | None = None) -> None:
    """Write a table as parquet, its provenance in the file's metadata; equal tables give equal bytes."""
    import pyarrow as pa

    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata({})
    _write_arrow(path, arrow, provenance)


def write_columns(path: str | Path, columns: Mapping[str, np.ndarray], provenance: Provenance | None = None) -> None:
    """Write columns as parquet without pandas, whose import costs a job more than its work."""
    import pyarrow as pa

    _write_arrow(path, pa.table({name: pa.array(values) for name, values in columns.items()}), provenance)


def _write_arrow(path: str | Path, arrow: Any, provenance: Provenance | None) -> None:
    import pyarrow.parquet as pq

    record = json.dumps(_finite(provenance or {}), sort_keys=True)
    # Parquet's own checksums cover pages, not the footer that says what they are.
    checksums = {name: array_checksum(arrow.column(name).to_numpy()) for name in arrow.column_names}
    metadata = {"provenance": record, "crc32": json.dumps({**checksums, "": _crc(record)})}
    with atomic(path) as temporary:
        pq.write_table(arrow.replace_schema_metadata(metadata), temporary, write_page_checksum=True)


def read_columns(path: str | Path, columns: list[str] | None = None) -> dict[str, np.ndarray]:
    """Read columns of a parquet file as arrays and verify their checksums."""
    import pyarrow.parquet as pq

    with reading(path):
        table = pq.ParquetFile(path, page_checksum_verification=True).read(columns=columns)
        metadata = table.schema.metadata or {}
        checksums = json.loads(metadata.get(b"crc32", b"{}"))
        _verify(checksums.pop("", None), _crc(metadata.get(b"provenance", b"")))
        arrays = {name: _as_numpy(table.column(name)) for name in columns or checksums}
        for name, values in arrays.items():
            _verify(checksums.get(name), array_checksum(values))
        return arrays


def _as_numpy(column: Any) -> np.ndarray:
    """Return a column of Arrow. Strings are dictionary-encoded first, so that repeated values share one object."""
    if column.null_count or str(column.type) not in ("string", "large_string"):
        return column.to_numpy()
    words = column.combine_chunks().dictionary_encode()
    return words.dictionary.to_numpy(zero_copy_only=False)[words.indices.to_numpy()]


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a parquet file as a data frame and verify its checksums."""
    import pandas as pd

    return pd.DataFrame(read_columns(path))


def write_tensors(path: str | Path, tensors: Mapping[str, Tensor], provenance: Provenance | None = None) -> None:
    """Write named tensors as safetensors, with a checksum of their bytes."""
    from safetensors.torch import save

    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # One key: safetensors writes several in an order that differs from process to process.
    record, content = _finite(provenance or {}), _tensors_checksum(ready)
    facts = {"provenance": record, "content": content, "crc32": _crc(json.dumps([content, record], sort_keys=True))}
    metadata = {"facts": json.dumps(facts, sort_keys=True)}
    with atomic(path) as temporary:
        temporary.write_bytes(save(ready, metadata))


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Read named tensors onto the CPU and verify their checksum."""
    from safetensors import safe_open

    with reading(path):
        with safe_open(path, framework="pt") as handle:
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
            facts = json.loads((handle.metadata() or {}).get("facts", "{}"))
        content = _tensors_checksum(tensors)
        _verify(facts.get("crc32"), _crc(json.dumps([content, facts.get("provenance")], sort_keys=True)))
        return tensors


def read_provenance(path: str | Path) -> dict[str, Any]:
    """Read the provenance that a file of tensors carries."""
    from safetensors import safe_open

    with reading(path), safe_open(path, framework="pt") as handle:
        facts: dict[str, Any] = json.loads((handle.metadata() or {}).get("facts", "{}")).get("provenance", {})
        return facts


def _tensors_checksum(tensors: Mapping[str, Tensor]) -> str:
    return _crc(json.dumps([[name, array_checksum(tensors[name].numpy())] for name in sorted(tensors)]))


def content_checksum(paths: str | Path | Sequence[str | Path]) -> str:
    """Return a checksum of what files say, without their provenance, from the checksums that they carry.

    An array (``.npy``) carries none: its checksum stands in the ``dataset.json`` beside it, so it adds nothing here.

    Args:
        paths: a file, or several, whose order counts.
    """
    if isinstance(paths, str | Path):
        return _content_checksum(Path(paths))
    return _crc(json.dumps([_content_checksum(Path(path)) for path in paths]))


def _content_checksum(path: Path) -> str:
    if path.suffix == ".json":
        return _crc(json.dumps({key: value for key, value in read_json(path).items() if key != "provenance"}))
    with reading(path):
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            checksums = json.loads((pq.read_metadata(path).metadata or {})[b"crc32"])
            return _crc(json.dumps({name: value for name, value in checksums.items() if name}))
        if path.suffix == ".safetensors":
            from safetensors import safe_open

            with safe_open(path, framework="pt") as handle:
                return json.loads(handle.metadata()["facts"])["content"]
        return ""


def array_checksum(values: np.ndarray) -> str:
    """Return a checksum of an array's type, shape and content."""
    flat = values.reshape(-1)
    checksum = _crc(f"{values.dtype}{values.shape}")
    if values.dtype != object:
        return _crc(flat.view(np.uint8).data, checksum)
    for at in range(0, len(flat), CHUNK):  # a part at a time: the words of millions of rows take gigabytes
        words = "\0".join(map(repr, flat[at : at + CHUNK].tolist()))
        checksum = _crc(f"\0{words}" if at else words, checksum)
    return checksum


def _crc(content: str | bytes | memoryview, before: str = "0") -> str:
    from zlib import crc32

    return f"{crc32(content.encode() if isinstance(content, str) else content, int(before, 16)):08x}"


def _verify(found: Any, expected: str) -> None:
    if found != expected:
        raise ValueError("its checksum does not match its content")


class NewArray(NamedTuple):
    """A ``.npy`` file of uint8 in the making; several processes may write its rows."""

    path: Path
    shape: tuple[int, ...]
    offset: int
    """Where the first row begins, bytes."""

    def write(self, start: int, rows: np.ndarray) -> None:
        """Write rows from row ``start`` on: not through a memory map, where a full disk is no error but SIGBUS."""
        with open(self.path, "rb+") as file:
            file.seek(self.offset + start * prod(self.shape[1:]))
            file.write(np.ascontiguousarray(rows, dtype=np.uint8).data)


@contextmanager
def new_array(path: str | Path, shape: tuple[int, ...]) -> Iterator[NewArray]:
    """Yield an array of zeros, to be written, that becomes ``path`` when the block succeeds."""
    with atomic(path) as temporary:
        empty = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        yield NewArray(temporary, shape, empty.offset)


def open_array(path: str | Path, checksum: str) -> np.ndarray:
    """Open a ``.npy`` file memory-mapped and read-only, its checksum verified; object arrays (pickles) are refused."""
    with reading(path):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        _verify(checksum, array_checksum(array))
        return array
