"""The only reader and writer of artefacts: parquet, safetensors, JSON and ``.npy``, all atomic, none unpickled.

A file appears under its name only when it is complete (written beside it, flushed, renamed), so a killed job leaves
nothing that looks done. A damaged file is refused with its name and what to do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from altools.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

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
    except (OSError, ValueError, KeyError, TypeError, SyntaxError) as error:
        raise UserError(f"{path} cannot be read ({_first_line(error)}); delete it and run again.") from None
    except Exception as error:  # safetensors has an exception of its own below Exception
        if type(error).__module__.startswith("safetensors"):
            raise UserError(f"{path} cannot be read ({_first_line(error)}); delete it and run again.") from None
        raise


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]


def write_json(path: str | Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object; NaN and infinities become null, which every reader of JSON accepts."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(_finite(value), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


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
    """Read a JSON object."""
    with reading(path):
        value = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise ValueError(f"expected an object, got {type(value).__name__}")
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

    metadata = {"provenance": json.dumps(_finite(provenance or {}), sort_keys=True)}
    with atomic(path) as temporary:
        pq.write_table(arrow.replace_schema_metadata(metadata), temporary, write_page_checksum=True)


def read_columns(path: str | Path, columns: list[str] | None = None) -> dict[str, np.ndarray]:
    """Read columns of a parquet file as arrays; page checksums are verified."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with reading(path):
        try:
            table = pq.ParquetFile(path, page_checksum_verification=True).read(columns=columns)
        except pa.ArrowException as error:
            raise ValueError(_first_line(error)) from None
        return {name: table.column(name).to_numpy() for name in table.column_names}


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a parquet file as a data frame; page checksums are verified."""
    import pandas as pd

    return pd.DataFrame(read_columns(path))


def write_tensors(path: str | Path, tensors: Mapping[str, Tensor], provenance: Provenance | None = None) -> None:
    """Write named tensors as safetensors with a checksum of their bytes."""
    from safetensors.torch import save

    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # One key: safetensors writes several in an order that differs from process to process.
    facts = {"provenance": _finite(provenance or {}), "crc32": _checksum(ready)}
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
        if facts.get("crc32") != _checksum(tensors):
            raise ValueError("its checksum does not match its content")
        return tensors


def read_facts(path: str | Path) -> dict[str, Any]:
    """Read the provenance that a file of tensors carries."""
    from safetensors import safe_open

    with reading(path), safe_open(path, framework="pt") as handle:
        facts: dict[str, Any] = json.loads((handle.metadata() or {}).get("facts", "{}")).get("provenance", {})
        return facts


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    from zlib import crc32

    value = 0
    for name in sorted(tensors):
        value = crc32(name.encode(), value)
        value = crc32(tensors[name].reshape(-1).numpy().view(np.uint8).data, value)
    return f"{value:08x}"


@contextmanager
def new_array(path: str | Path, shape: tuple[int, ...], dtype: str = "uint8") -> Iterator[np.memmap]:
    """Yield a memory-mapped array that becomes ``path`` when the block succeeds."""
    with atomic(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=shape)
        yield array
        array.flush()
        del array


def open_array(path: str | Path) -> np.ndarray:
    """Open a ``.npy`` file memory-mapped and read-only; object arrays (pickles) are refused."""
    with reading(path):
        return np.load(path, mmap_mode="r", allow_pickle=False)
