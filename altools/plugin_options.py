"""The options that a config gives to a plug-in, checked against the plug-in's own signature.

Knows nothing about the rest of the config, and imports no plug-in: annotations are read as text (`altools.plugins`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, ValidationError, create_model

from altools import bounds, plugins
from altools.config_messages import sentence, suggest
from altools.errors import UserError
from altools.signal_options import SIGNAL_OPTIONS


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


def needs_of(plugin: plugins.Plugin) -> frozenset[str]:
    """Return the signals that a strategy reads.

    Raises:
        UserError: it does not say which, or names one that there is not.
    """
    needs = plugin.constants.get("NEEDS")
    if not isinstance(needs, frozenset):
        raise UserError(f"{plugin.module} must define NEEDS = frozenset({{...}}), the signals it reads.")
    unknown = sorted(needs - SIGNAL_OPTIONS.keys())
    if unknown:
        raise UserError(
            f"NEEDS of {plugin.module} holds {unknown[0]!r}, no signal{suggest(unknown[0], SIGNAL_OPTIONS)}."
        )
    return needs


def check_named(plugin: plugins.Plugin, *constants: str) -> None:
    """Refuse a plug-in of which a constant, where it is there, is no set of names that can be read without running it.

    Raises:
        UserError: it is something else.
    """
    for constant in constants:
        found = plugin.constants.get(constant, frozenset())
        if not isinstance(found, frozenset | set) or not all(isinstance(name, str) for name in found):
            raise UserError(
                f"{constant} of {plugin.module} must be a set of names, written out: frozenset({{...}}). It is read "
                "without running the module."
            )
