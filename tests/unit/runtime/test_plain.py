"""Plain values become the typed ones that a step asks for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from altools.config.recipes import PretrainRecipe, Recipe
from altools.config.schema import plain
from altools.runtime.plain import from_plain


@dataclass(frozen=True, kw_only=True)
class Files:
    model: str
    outputs: str | None
    encoder: Sequence[str] = ()


@dataclass(frozen=True)
class Job:
    files: Files
    names: list[str] = field(default_factory=list)


@pytest.mark.parametrize("recipe", [Recipe(epochs=3, schedule="constant"), PretrainRecipe(batch_size=8)])
def test_a_recipe_comes_back_with_its_parts(recipe):
    made = from_plain(type(recipe), plain(recipe))
    assert made == recipe and type(made) is type(recipe)


def test_what_is_not_given_has_its_default():
    assert from_plain(Recipe, {"epochs": 3}) == Recipe(epochs=3)
    assert from_plain(Recipe, {}) == Recipe()


def test_an_empty_list_is_no_file_where_none_is_allowed_and_a_list_elsewhere():
    made = from_plain(Files, {"model": "m", "outputs": [], "encoder": []})
    assert made == Files(model="m", outputs=None, encoder=[])
    assert from_plain(Files, {"model": "m", "outputs": "o"}).outputs == "o"


def test_parts_of_parts_are_built():
    made = from_plain(Job, {"files": {"model": "m", "outputs": []}, "names": []})
    assert made == Job(Files(model="m", outputs=None), [])


@pytest.mark.parametrize("value", [3, "x", [1, 2], {"a": 1}, None])
def test_what_is_no_dataclass_stays_as_it_is(value):
    assert from_plain(dict[str, int], value) is value
    assert from_plain(int | str, value) is value


def test_a_value_that_is_typed_already_stays():
    recipe = Recipe(epochs=2)
    assert from_plain(Recipe, recipe) is recipe


def test_an_unknown_name_is_refused():
    with pytest.raises(KeyError):
        from_plain(Recipe, {"epoch": 3})
