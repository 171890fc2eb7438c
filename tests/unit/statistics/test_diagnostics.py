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


@pytest.mark.parametrize("block", [1, 7, 512])
def test_spread_is_scipys_for_every_block_size(block, monkeypatch):
    monkeypatch.setattr(diagnostics, "BLOCK", block)
    rng = np.random.default_rng(0)
    pool = rng.normal(size=(60, 5)).astype(np.float32)
    chosen = pool[[3, 8, 40, 41, 59]]
    found = diagnostics.spread(chosen, pool, duplicate_radius=1.9)
    pairs, cover = distance.pdist(chosen), distance.cdist(pool, chosen).min(axis=1)
    near = (distance.squareform(pairs) + 9 * np.eye(5) <= 1.9).any(axis=1).mean()
    assert found["mean_distance"] == pytest.approx(pairs.mean(), rel=1e-5)
    assert found["coverage_radius"] == pytest.approx(cover.max(), rel=1e-5)
    assert found["mean_coverage"] == pytest.approx(cover.mean(), rel=1e-5)
    assert found["duplicates"] == near


def test_equal_images_are_duplicates_though_far_from_the_origin():
    pool = np.full((6, 3), 1e4, dtype=np.float32)
    pool[:2] += np.array([[50], [90]], dtype=np.float32)
    assert diagnostics.spread(pool[2:], pool, duplicate_radius=0.0)["duplicates"] == 1
    assert diagnostics.spread(pool[:3], pool, duplicate_radius=0.0)["duplicates"] == 0


def test_one_image_has_no_mean_distance():
    pool = np.eye(4, dtype=np.float32)
    found = diagnostics.spread(pool[:1], pool)
    assert np.isnan(found["mean_distance"]) and found["duplicates"] == 0
    assert found["coverage_radius"] == pytest.approx(np.sqrt(2))


def test_choosing_everything_covers_everything():
    pool = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    assert diagnostics.spread(pool, pool)["coverage_radius"] == pytest.approx(0, abs=1e-6)


def test_the_natural_radius_is_a_quantile_of_pair_distances():
    pool = np.random.default_rng(0).normal(size=(80, 4)).astype(np.float32)
    expected = np.quantile(distance.pdist(pool), 0.01)
    assert diagnostics.natural_radius(pool) == pytest.approx(expected, rel=1e-5)


def test_spreads_have_a_row_per_query_and_say_where_embeddings_lack():
    queries = tables.queries(("random", "badge"), seeds=(0, 1))
    space = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    found = diagnostics.spreads(queries, {("digits", 0): space})
    assert len(found) == 2 * 2 * 4
    lacking = found["note"] == "no embeddings of this dataset and seed"
    assert (lacking == (found["seed"] == 1)).all() and found.loc[~lacking, "coverage_radius"].notna().all()


def test_each_image_is_represented_by_its_nearest_query():
    pool = np.array([[0.0], [1.0], [4.0], [6.0]], dtype=np.float32)
    found = diagnostics.represented(pool[[0, 3]], pool)
    assert found["representative"].tolist() == [0, 0, 1, 1]
    assert found["distance"].tolist() == [0, 1, 2, 0]


def test_an_image_queried_twice_is_refused():
    queries = tables.queries()
    with pytest.raises(UserError, match="A run must query each image once. Got twice: dataset digits"):
        diagnostics.overlap(pd.concat([queries, queries.head(1)]))


def test_a_class_that_the_pool_lacks_is_refused():
    queries = tables.queries()
    with pytest.raises(UserError, match=r"Missing: \[8, 9\]"):
        diagnostics.class_histogram(queries, pool_of(queries, classes=8))
