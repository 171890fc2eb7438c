"""Annotations of options are read as text: what is on a closed list has a type, anything else is refused unrun."""

from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Lt, MinLen

from altools.config import plugins
from altools.config.options import annotation_type, checked_options, needs_of, signal_options
from altools.errors import UserError

KNOWN = {
    "int": int,
    "Any": Any,
    "int | None": int | None,
    "str | list[float]": str | list[float],
    "dict[str, int]": dict[str, int],
    "Literal['a', 'b']": Literal["a", "b"],
    "typing.Literal[1]": Literal[1],
    "Optional[int]": int | None,
    "Union[int, str]": int | str,
    "Annotated[float, Ge(0), Lt(1)]": Annotated[float, Ge(0), Lt(1)],
    "Annotated[list[str], annotated_types.MinLen(1)]": Annotated[list[str], MinLen(1)],
    "Annotated[int, Ge(1)] | None": Annotated[int, Ge(1)] | None,
}
UNKNOWN = ["Tensor", "np.ndarray", "Annotated[int, Multiple(2)]", "Annotated[int, Ge(low)]", "int if x else str", "f()"]


@pytest.mark.parametrize("text", KNOWN)
def test_a_known_annotation_has_its_type(text):
    assert annotation_type(text, "an option") == KNOWN[text]


@pytest.mark.parametrize("text", UNKNOWN)
def test_any_other_annotation_is_refused_by_name(text):
    with pytest.raises(UserError, match=r"the annotation of share of lab\.mine must be made of Any, bool, .* Got "):
        annotation_type(text, "share of lab.mine")


def plugin(annotation, default=0):
    option = plugins.Option("share", annotation, default)
    return plugins.Plugin("mine", "lab.mine", "", {"share": option}, {})


def test_an_annotation_runs_nothing(tmp_path):
    touch = f"Annotated[int, Ge(open({str(tmp_path / 'x')!r}, 'w').write('1'))]"
    with pytest.raises(UserError, match="read without running the module"):
        checked_options(plugin(touch), {}, "options")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("annotation", "value", "said"),
    [
        ("Annotated[float, Ge(0), Lt(1)]", 1.0, r"options\.share must be less than 1\. Got 1\.0"),
        ("Annotated[list[str], MinLen(1)]", [], r"options\.share .* at least 1 item"),
        ("Literal['a', 'b']", "c", r"options\.share must be 'a' or 'b'\. Got 'c'"),
        ("int | None", "x", r"options\.share must be a valid integer"),
        ("float", float("inf"), r"options\.share must be a finite number"),
    ],
)
def test_a_value_that_breaks_the_annotation_is_named_with_its_path(annotation, value, said):
    with pytest.raises(UserError, match=said):
        checked_options(plugin(annotation), {"share": value}, "options")


def test_options_are_completed_and_a_missing_one_is_named():
    assert checked_options(plugin("int", 3), {}, "options") == {"share": 3}
    with pytest.raises(UserError, match=r"options\.share is missing; add it"):
        checked_options(plugin("int", plugins.REQUIRED), {}, "options")


def test_options_of_signals_are_those_of_their_modules_with_the_strategys_own_defaults():
    assert {name: option.default for name, option in signal_options(frozenset({"probs"}), {}).items()} == {
        "mc_average": 0,
        "mc_rate": 0.5,
    }
    bald = plugins.describe("bald", "altools.strategies", "select")
    own = signal_options(needs_of(bald), bald.constants["OPTIONS"])
    assert own["mc_samples"].default == bald.constants["OPTIONS"]["mc_samples"] != 40
    assert not signal_options(frozenset(), {})
