import pandas as pd
import pytest

from altools.errors import UserError
from altools.plotting import files, learning_curves, style
from tests import tables


def drawn(curves, **where):
    return learning_curves.figure(learning_curves.table(curves, **where))


@pytest.mark.parametrize("strategies", [["random"], ["random", "margin"], tables.SIX, list(tables.EFFICIENCY)])
def test_the_legend_lists_every_strategy_from_best_to_worst(strategies):
    table = tables.curves(strategies)
    figure = drawn(table)
    areas = learning_curves.table(table).query("strategy != 'reference'").groupby("strategy")["area"].first()
    expected = [style.title(name) for name in areas.sort_values(ascending=False).index]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == expected


def test_axes_are_labelled_with_units_and_the_reference_is_named():
    axes = drawn(tables.curves()).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Labelled images", "Accuracy (%)")
    assert "all 1,400 labels" in axes.texts[0].get_text()


def test_one_seed_draws_without_interval_and_says_so():
    axes = drawn(tables.curves(seeds=[0])).axes[0]
    assert axes.get_title(loc="left") == "digits, standard, 1 seed"


def test_lower_is_better_metrics_rank_the_other_way():
    table = tables.curves(metrics=("log_loss",))
    areas = learning_curves.table(table, "log_loss").groupby("strategy")["area"].first()
    assert learning_curves.ranked(learning_curves.table(table, "log_loss"), "log_loss")[0] == areas.idxmin()


def test_several_datasets_need_a_name():
    with pytest.raises(UserError, match="Name one of: a, b"):
        drawn(tables.curves(datasets=("a", "b")))
    drawn(tables.curves(datasets=("a", "b")), dataset="b")


def test_sixteen_strategies_and_strangers_look_different():
    looks = style.looks([*list(tables.EFFICIENCY)[:13], "mylab.mine", "mylab.other"])
    assert len({(str(look["color"]), str(look["linestyle"]), look["marker"]) for look in looks.values()}) == 15
    assert style.looks(["margin"])["margin"] == style.looks(["margin", "badge"])["margin"]


def test_saved_files_are_byte_stable_and_complete(tmp_path):
    written = {}
    for run in ("one", "two"):
        table = tables.curves()
        paths = files.save(drawn(table), tmp_path / run / "curves.v1", learning_curves.table(table))
        assert [path.name for path in paths] == ["curves.v1.svg", "curves.v1.png", "curves.v1.parquet"]
        assert sorted(path.name for path in (tmp_path / run).iterdir()) == sorted(path.name for path in paths)
        written[run] = [path.read_bytes() for path in paths]
    assert written["one"] == written["two"]
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "one" / "curves.v1.parquet"), learning_curves.table(tables.curves())
    )


def test_a_failing_write_leaves_nothing_behind(tmp_path):
    table = pd.DataFrame({"mixed": [1, "a"]})
    with pytest.raises(Exception, match="mixed"):
        files.save(drawn(tables.curves()), tmp_path / "x", table)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.png", "x.svg"]


def test_small_multiples_have_a_panel_per_strategy():
    figure = learning_curves.grid(learning_curves.table(tables.curves()), columns=3)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert sorted(titles) == sorted(style.title(name) for name in tables.SIX if name != "random")
