"""Small grids, typed or as the text of a config file, for tests that vary a few keys."""

import yaml

from altools.config import schema
from tests.repositories import TINY


def written(**changes):
    """Return the tiny grid as YAML, with other values of some keys; those of a dataset's entry too."""
    data = yaml.safe_load(TINY)
    for key, value in changes.items():
        (data if key in schema.Config.model_fields else data["datasets"][0])[key] = value
    return yaml.safe_dump(data)


def tiny(**changes):
    """Return the grid of `written`, checked."""
    return schema.load(yaml.safe_load(written(**changes)))
