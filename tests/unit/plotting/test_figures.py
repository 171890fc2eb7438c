"""Every figure draws every table, the thin ones included, names its axes, and is the same in each run."""

import hashlib
import io

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context, rcParams

from altools.errors import UserError
from altools.plotting import (
    class_histograms,
    contact_sheet,
    cost_gain,
    critical_difference,
    differences,
    learning_curves,
    overlap,
    penalty_matrix,
    profiles,
    ranks,
    settings,
    simsiam,
    style,
)
from altools.statistics import cost, diagnostics, paired, penalty
from altools.statistics import ranks as rank_statistics
from tests import tables
from tests.unit.statistics.test_gaps import CASES

SIZES = tables.query_sizes(tables.queries())
POOL = pd.DataFrame({"dataset": "digits", "label": range(10), "count": 40})


def sheet(channels=1, n=5):
    images = np.random.default_rng(0).integers(0, 255, (n, channels, 8, 8)).astype(np.uint8)
    return [("Margin\nround 1", [(images, [f"class {i}" for i in range(n)])])]


def history():
    return pd.DataFrame(
        {"epoch": range(5), "loss": -0.5, "projection_std": 0.1, "knn_accuracy": [np.nan, 0.5] * 2 + [0.6], "seed": 0}
    )


DRAW = {
    "learning_curves": lambda: learning_curves.figure(learning_curves.table(tables.curves())),
    "grid": lambda: learning_curves.grid(learning_curves.table(tables.curves())),
    "differences": lambda: differences.figure(paired.table(tables.curves()), smallest=0.01),
    "penalty_matrix": lambda: penalty_matrix.figure(penalty.table(tables.curves())),
    "critical_difference": lambda: critical_difference.figure(rank_statistics.table(tables.curves(datasets="abcd"))),
    "ranks": lambda: ranks.figure(rank_statistics.per_dataset(tables.curves(datasets="abcd"))),
    "class_histograms": lambda: class_histograms.figure(diagnostics.class_histogram(tables.queries(), POOL)),
    "overlap": lambda: overlap.figure(diagnostics.overlap(tables.queries())),
    "profiles": lambda: profiles.figure(diagnostics.summary(diagnostics.measures(tables.queries(), SIZES, POOL))),
    "cost_gain": lambda: cost_gain.figure(cost.against_time(tables.curves(), tables.costs(tables.curves()))),
    "contact_sheet": lambda: contact_sheet.figure(sheet()),
    "settings": lambda: settings.figure(tables.curves(settings=("standard", "simsiam"))),
    "simsiam": lambda: simsiam.figure(history(), even=0.125),
}


def pixels(figure):
    with rc_context(style.RC):
        target = io.BytesIO()
        figure.savefig(target, format="svg", metadata={"Date": None})
    return hashlib.sha256(target.getvalue()).hexdigest()


@pytest.mark.parametrize("name", DRAW)
def test_the_same_table_gives_the_same_picture_and_the_callers_style_is_left_alone(name):
    before = dict(rcParams)
    assert pixels(DRAW[name]()) == pixels(DRAW[name]())
    assert dict(rcParams) == before


@pytest.mark.parametrize("name", DRAW)
def test_no_figure_is_wider_than_a_page_of_print(name):
    assert DRAW[name]().get_figwidth() in (style.COLUMN_IN, style.PAGE_IN)


FROM_CURVES = {
    "learning_curves": lambda curves: learning_curves.figure(learning_curves.table(curves)),
    "grid": lambda curves: learning_curves.grid(learning_curves.table(curves)),
    "differences": lambda curves: differences.figure(paired.table(curves)),
    "penalty_matrix": lambda curves: penalty_matrix.figure(penalty.table(curves)),
    "critical_difference": lambda curves: critical_difference.figure(rank_statistics.table(curves)),
    "ranks": lambda curves: ranks.figure(rank_statistics.per_dataset(curves)),
    "cost_gain": lambda curves: cost_gain.figure(cost.against_time(curves, tables.costs(curves))),
    "settings": settings.figure,
}


@pytest.mark.parametrize("draw", FROM_CURVES)
@pytest.mark.parametrize("case", sorted(set(CASES) - {"one_strategy", "failed_seed", "failed_everywhere"}))
def test_thin_tables_are_drawn(case, draw):
    pixels(FROM_CURVES[draw](CASES[case]()))


def test_what_needs_two_strategies_says_so():
    curves = tables.curves(("random",))
    for draw in ("differences", "penalty_matrix"):
        with pytest.raises(UserError, match="needs at least two strategies"):
            FROM_CURVES[draw](curves)


def test_no_panel_cuts_what_lies_below_the_first_one():
    curves = tables.curves(settings=("standard", "simsiam"))
    curves.loc[curves["setting"] == "simsiam", "value"] -= 0.3
    for axes in settings.figure(curves).axes:
        assert all(min(line.get_ydata()) >= axes.get_ylim()[0] for line in axes.lines)


def test_hollow_markers_are_what_chance_could_make():
    tests = paired.table(tables.curves(seeds=range(5)))
    axes = differences.figure(tests).axes[0]
    full = sum(line.get_markerfacecolor() != "white" for line in axes.lines if line.get_marker() == "o")
    area = tests[tests["measure"] == "area"]
    assert full == (area["p_holm"] < 0.05).sum() > 0
    assert len(axes.get_yticklabels()) == 5


def test_one_seed_says_that_it_has_no_interval():
    axes = differences.figure(paired.table(tables.curves(seeds=[0]))).axes[0]
    assert {text.get_text() for text in axes.texts} == {"n = 1, no interval"}


def test_every_strategy_stands_in_the_critical_difference_diagram():
    axes = critical_difference.figure(rank_statistics.table(tables.curves(tables.EFFICIENCY, datasets="abc"))).axes[0]
    said = " ".join(text.get_text() for text in axes.texts)
    assert all(style.title(name) in said for name in tables.EFFICIENCY) and "critical difference" in said


def test_cost_axis_chooses_its_unit():
    curves = tables.curves()
    costs = tables.costs(curves)
    units = [
        cost_gain.figure(cost.against_time(curves, costs.assign(train_s=s))).axes[0].get_xlabel() for s in (1, 99, 9999)
    ]
    assert [unit.split("(")[1] for unit in units] == ["seconds)", "minutes)", "hours)"]


def test_a_contact_sheet_titles_images_with_their_class():
    figure = contact_sheet.figure(sheet(channels=3))
    assert [axes.get_title() for axes in figure.axes] == [f"class {i}" for i in range(5)]


def test_a_contact_sheet_refuses_odd_channels_and_missing_classes():
    with pytest.raises(UserError, match="1 or 3 channels. Got 2"):
        contact_sheet.figure(sheet(channels=2))
    name, [(images, classes)] = sheet()[0]
    with pytest.raises(UserError, match="Got 5 images and 4 classes"):
        contact_sheet.figure([(name, [(images, classes[:4])])])


def test_a_contact_sheet_has_titled_blocks_side_by_side():
    blocks = sheet()[0][1] * 2
    figure = contact_sheet.figure([("Margin", blocks)] * 3, columns=[2, 4], titles=["round 1", "round 4"])
    assert len(figure.axes) == 3 * (2 + 4)
    assert {"round 1", "round 4"} <= {text.get_text() for text in figure.texts}
    first, last = figure.axes[1].get_position(), figure.axes[2].get_position()
    assert last.x0 - first.x1 > first.width * 0.3


def test_simsiam_without_records_says_so():
    assert simsiam.figure(pd.DataFrame({"epoch": []})).axes[0].texts[0].get_text() == "nothing recorded"


def test_the_axis_of_a_share_ends_where_a_share_does_however_wide_the_intervals_of_two_seeds():
    curves = tables.curves(seeds=range(2))
    curves.loc[curves["seed"] == 1, "value"] -= 0.3
    points = learning_curves.table(curves)
    assert points["low"].min() < -0.5
    for drawing in (learning_curves.figure(points), learning_curves.grid(points)):
        low, high = drawing.axes[0].get_ylim()
        assert -0.03 < low < high < 1.03


@pytest.mark.parametrize("name", ["differences", "profiles", "overlap"])
def test_no_title_is_cut_where_names_are_long(name):
    def renamed(table):
        return table.assign(**{"dataset": "braintumor", "setting": "reference_query"} if "setting" in table else {})

    curves, queries, sizes = (renamed(table) for table in (tables.curves(), tables.queries(), SIZES))
    pool = POOL.assign(dataset="braintumor")
    drawing = {
        "differences": lambda: differences.figure(paired.table(curves)),
        "profiles": lambda: profiles.figure(diagnostics.summary(diagnostics.measures(queries, sizes, pool))),
        "overlap": lambda: overlap.figure(diagnostics.overlap(queries), chance=0.012),
    }[name]()
    drawing.draw_without_rendering()
    box = drawing._suptitle.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= drawing.bbox.x1 and box.y1 <= drawing.bbox.y1
    assert all(axes.get_window_extent().y1 < box.y0 for axes in drawing.axes)
