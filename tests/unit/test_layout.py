"""The layout counts each training and query once, as the graph does, and shows what there is to show."""

from collections import Counter

import pytest

from altools.layout import Layout
from tests.grids import tiny, written

GRIDS = {
    "one setting": {},
    "three settings": {"settings": ["standard", "simsiam", "reference_query"]},
    "a query for each model": {"settings": ["standard", "reference_query"], "seeds": [3]},
    "one strategy less in a setting": {
        "settings": ["standard", "simsiam"],
        "setting_strategies": {"simsiam": ["margin"]},
    },
    "a last query of everything": {"initial": 1377},
    "no query": {"rounds": 1},
    "nothing but everything": {"rounds": 1, "initial": 1437},
}


@pytest.mark.parametrize("grid", GRIDS)
def test_trainings_and_queries_are_those_of_the_graph(repository, grid):
    layout = Layout(tiny(**GRIDS[grid]))
    (repository.path / "config/config.yaml").write_text(written(**GRIDS[grid]))
    planned = Counter(repository.planned())
    trainings, queries = list(layout.trainings("digits")), list(layout.query_folders("digits"))
    assert len(set(trainings)) == len(trainings) == sum(planned[f"train{of}"] for of in ("", "_initial", "_reference"))
    assert len(set(queries)) == len(queries) == planned["query"]
    assert len(layout.encoders("digits")) == planned["simsiam"]
    assert len(layout.figures) == planned["figure"] and len(layout.statistics) == planned["statistic"]


def test_round_0_and_the_reference_model_belong_to_all_strategies():
    layout = Layout(tiny(settings=["standard", "simsiam", "reference_query"]))

    def places(of):
        return {
            layout.round("digits", setting, name, 0, 0) if of == "round 0" else layout.reference("digits", setting, 0)
            for setting, name in layout.pairs
        }

    assert places("round 0") == {
        f"results/rounds/digits/{start}/shared/seed0/round0" for start in ("standard", "simsiam")
    }
    assert places("reference") == {f"results/reference/digits/{start}/seed0" for start in ("standard", "simsiam")}


def test_a_strategy_that_asks_no_model_runs_once_for_all_asked_models():
    layout = Layout(tiny(settings=["standard", "reference_query"]))
    assert layout.effective_setting("reference_query", "random") == "standard"
    assert layout.effective_setting("reference_query", "margin") == "reference_query"
    one, other = (layout.round("digits", setting, "random", 1, 2) for setting in ("standard", "reference_query"))
    assert one == other


def test_a_model_that_knows_every_label_is_the_reference_model():
    layout = Layout(tiny(initial=1377))
    assert layout.choosing_rounds("digits") == [1]
    assert layout.trained("digits", "standard", "margin", 0, 2) == layout.reference("digits", "standard", 0)
    assert layout.trained("digits", "standard", "margin", 0, 1) == layout.round("digits", "standard", "margin", 0, 1)


def names(layout, per):
    return Counter(figure.kind.name for figure in layout.figures.values() if figure.kind.per == per)


def test_a_comparison_needs_something_to_compare():
    alone, several = Layout(tiny(strategies=["margin"])), Layout(tiny())
    assert names(alone, "dataset/setting") == {"learning_curves": 1}
    assert set(names(several, "dataset/setting")) > {"learning_curves", "differences", "overlap", "queried_images"}
    assert not names(several, "dataset") and names(several, "setting") == {"penalty_matrix": 1}
    settings = Layout(tiny(settings=["standard", "simsiam"]))
    assert names(settings, "dataset") == {"settings": 1, "pretraining": 1}
    assert settings.figures["overall/simsiam/penalty_matrix"].dataset == ""
    assert not names(Layout(tiny(rounds=1)), "dataset/setting")


def test_only_strategies_that_represent_others_show_whom():
    layout = Layout(tiny(strategies=["random", "kmeans", "facility_location"]))
    assert layout.representative("standard") == ["kmeans", "facility_location"]
    assert [figure.path for figure in layout.sheets()] == [
        "digits/standard/queried_images",
        "digits/standard/represented_images",
    ]
