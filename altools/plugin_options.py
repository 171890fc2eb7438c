"""The options that a config gives to a plug-in, checked against the plug-in's own signature.

Knows nothing about the rest of the config, and imports no plug-in: annotations are read as text (`altools.plugins`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, ValidationError, create_model

from altools import bounds, plugins
from altools.config_messages import sentence
from altools.errors import UserError


def checked_options(plugin: plugins.Plugin, given: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Complete and check the options of a plug-in against its signature.

    Raises:
        UserError: an unknown option, a missing one or a wrong value.
    """
    namespace = {"Annotated": Annotated, "Literal": Literal, **vars(bounds)}
    known = {option.name: option for option in plugin.options.values()}
    fields: dict[str, Any] = {
        name: (eval(option.annotation, namespace), ... if option.default is plugins.REQUIRED else option.default)
        for name, option in known.items()
    }
    model = create_model("Options", __config__=ConfigDict(extra="forbid"), **fields)
    try:
        return model.model_validate(dict(given)).model_dump()
    except ValidationError as error:
        sentences = [sentence(entry, list(known), prefix=f"{path}.") for entry in error.errors()]
        raise UserError("; ".join(sentences)) from None
