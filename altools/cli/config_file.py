"""Read a config file outside Snakemake."""

from __future__ import annotations

from pathlib import Path

import yaml

from altools.config import schema
from altools.config.schema import Config
from altools.errors import UserError, first_line


def read(path: str, results: str | None = None) -> Config:
    """Return the checked config of a YAML file.

    Args:
        path: the file.
        results: results folder in place of the file's.

    Raises:
        UserError: the file cannot be read, is no YAML, or holds a wrong value.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise UserError(
            f"{path} must be a config file in YAML. It cannot be read ({reason}); correct the path."
        ) from None
    if not isinstance(values, dict):
        raise UserError(f"{path} must be a config file in YAML. It holds no keys; start from config/config.yaml.")
    return schema.load({**values, **({"results": results} if results else {})})
