import numpy as np
import pandas as pd
import pytest
from scipy.spatial import distance

from altools.errors import UserError
from altools.statistics import diagnostics
from tests import tables


def pool_of(queries, pool=400, classes=10):
    return pd.DataFrame({"dataset": "digits", "label": range(classes), "count": pool // classes})


def test_every_class_of_the_pool_has_a_row_and_counts_add_up():
    queries = tables.queries()
    found = diagnostics.class_histogram(queries, pool_of(queries))
    assert len(found) == 6 * 3 * 4 * 10
    assert (found.groupby(diagnostics.RUN)["count"].sum() == 20).all()
    assert np.allclose(found.groupby(diagnostics.RUN)[["share", "pool_share"]].sum(), 1)


def test_divergence_is_scipys_and_random_is_closest_to_the_pool():
    queries = tables.queries()
    histogram = diagnostics.class_histogram(queries, pool_of(queries))
    found = diagnostics.divergence(histogram)
    for row in found.itertuples():
        own = histogram.query("strategy == @row.strategy and seed == @row.seed and round == @row.round")
        expected = distance.jensenshannon(own["share"], own["pool_share"], base=2) ** 2
        assert row.divergence == pytest.approx(expected, abs=1e-12) and row.classes == (own["count"] > 0).sum()
    mean = found.groupby("strategy")["divergence"].mean()
    assert mean.idxmin() in ("random", "kmeans") and mean["badge"] > mean["random"]


def test_a_query_like_the_pool_has_no_divergence_and_one_of_other_classes_a_full_bit():
    same = pd.DataFrame({"share": [0.3, 0.7], "pool_share": [0.3, 0.7], "count": [3, 7], "label": [0, 1]})
    apart = pd.DataFrame({"share": [0.0, 1.0], "pool_share": [1.0, 0.0], "count": [0, 5], "label": [0, 1]})
    key = dict.fromkeys(diagnostics.RUN, 0)
    assert diagnostics.divergence(same.assign(**key))["divergence"].item() == 0
    assert diagnostics.divergence(apart.assign(**key))["divergence"].item() == 1


def test_overlap_in_its_definition_and_with_itself():
    queries = tables.queries()
    found = diagnostics.overlap(queries)
    assert len(found) == 3 * 4 * 36
    assert (found.loc[found["strategy"] == found["opponent"], "jaccard"] == 1).all()
    for row in found.sample(30, random_state=0).itertuples():
        here = queries[(queries["seed"] == row.seed) & (queries["round"] == row.round)]
        one, other = (set(here.loc[here["strategy"] == name, "index"]) for name in (row.strategy, row.opponent))
        assert row.jaccard == pytest.approx(len(one & other) / len(one | other))


def test_cumulative_overlap_of_runs_that_took_the_same_images_in_another_order_is_one():
    one = pd.DataFrame({"round": [1, 1, 2, 2], "index": [3, 4, 5, 6], "strategy": "a"})
    other = pd.DataFrame({"round": [1, 1, 2, 2], "index": [5, 6, 3, 4], "strategy": "b"})
    queries = pd.concat([one, other]).assign(dataset="d", setting="s", seed=0, label=0)
    pair = "strategy == 'a' and opponent == 'b'"
    assert diagnostics.overlap(queries).query(pair)["jaccard"].tolist() == [0, 0]
    assert diagnostics.overlap(queries, cumulative=True).query(pair)["jaccard"].tolist() == [0, 1]


def test_a_strategy_without_a_query_keeps_its_row_with_a_note():
    queries = tables.queries().query("strategy != 'badge' or round < 3")
    found = diagnostics.overlap(queries).query("strategy == 'badge' and opponent == 'random' and round == 3")
    assert found["jaccard"].isna().all() and set(found["note"]) == {"no query of badge"}


def test_chance_overlap_of_random_queries():
    rng = np.random.default_rng(0)
    pairs = [(set(rng.choice(500, 50, False)), set(rng.choice(500, 50, False))) for _ in range(400)]
    mean = np.mean([len(a & b) / len(a | b) for a, b in pairs])
    assert diagnostics.chance_overlap(50, 500) == pytest.approx(mean, rel=0.06)


def test_every_query_has_every_measure_as_a_row_of_curves():
    queries = tables.queries()
    sizes = tables.query_sizes(queries)
    found = diagnostics.measures(queries, sizes, pool_of(queries))
    assert len(found) == 6 * 3 * 4 * len(diagnostics.MEASURES)
    assert not found.duplicated([*diagnostics.RUN, "metric"]).any()
    of_random = found.query("strategy == 'random'").groupby("metric")["value"].apply(lambda part: part.isna().all())
    assert of_random.to_dict() == {name: name == "overlap_baseline" for name in diagnostics.MEASURES}
    jaccard = diagnostics.overlap(queries).query("strategy == 'margin' and opponent == 'random'")["jaccard"]
    mine = found.query("strategy == 'margin' and metric == 'overlap_baseline'").sort_values(["seed", "round"])
    assert mine["value"].tolist() == jaccard.tolist()


def test_measures_have_intervals_over_seeds_and_say_what_is_missing():
    queries = tables.queries().query("strategy != 'badge' or seed != 1")
    found = diagnostics.summary(diagnostics.measures(queries, tables.query_sizes(queries), pool_of(queries)))
    badge, margin = (found.query("strategy == @name and measure == 'divergence'") for name in ("badge", "margin"))
    assert set(badge["note"]) == {"no value for seed 1"} and set(badge["n"]) == {2}
    assert set(margin["n"]) == {3} and (margin["low"] < margin["mean"]).all()
    one = queries.query("seed == 0")
    alone = diagnostics.summary(diagnostics.measures(one, tables.query_sizes(one), pool_of(one)))
    assert set(alone["note"]) == {"n = 1, no interval"} and alone["low"].isna().all()


def test_a_query_that_took_everything_has_no_spread_and_says_so():
    queries = tables.queries(("random", "margin"), seeds=[0], rounds=[1])
    sizes = tables.query_sizes(queries).assign(**dict.fromkeys(diagnostics.SPREAD, np.nan))
    found = diagnostics.summary(diagnostics.measures(queries, sizes, pool_of(queries)))
    assert set(found.query("measure in @diagnostics.SPREAD")["note"]) == {"n = 0, no value; 1 of 1 values not finite"}


def test_overlaps_stand_beside_those_of_chance_and_a_failed_seed_is_counted():
    queries = tables.queries().query("strategy != 'badge' or seed != 1")
    found = diagnostics.overlaps(queries, tables.query_sizes(queries))
    assert len(found) == 4 * 15 and (found["strategy"] < found["opponent"]).all()
    first = found.query("round == 1")
    assert first["chance"].to_numpy() == pytest.approx(diagnostics.chance_overlap(20, 400))
    broken = found.query("strategy == 'badge' or opponent == 'badge'")
    assert set(broken["n"]) == {2} and set(broken["note"]) == {"1 of 3 seeds without a query of both"}
    pair = diagnostics.overlap(queries).query("strategy == 'entropy' and opponent == 'margin' and round == 2")
    row = found.query("strategy == 'entropy' and opponent == 'margin' and round == 2").iloc[0]
    assert row["jaccard"] == pytest.approx(pair["jaccard"].mean()) and row["n"] == 3


def test_an_image_queried_twice_is_refused():
    queries = tables.queries()
    with pytest.raises(UserError, match="A run must query each image once. Got twice: dataset digits"):
        diagnostics.overlap(pd.concat([queries, queries.head(1)]))


def test_a_class_that_the_pool_lacks_is_refused():
    queries = tables.queries()
    with pytest.raises(UserError, match=r"Missing: \[8, 9\]"):
        diagnostics.class_histogram(queries, pool_of(queries, classes=8))
