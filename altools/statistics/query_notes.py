"""What the strategies noted about their queries: ties, saturation, zero gradients, and what a run is to make of them.

A strategy that noted nothing keeps a row that says so.
"""

from __future__ import annotations

from collections import Counter

import pandas as pd

from altools.statistics.curves import WHO

COLUMNS = [*WHO, "seed", "round", "fact", "value"]
NOTHING = "nothing noted"

MEANINGS = {
    "alike": "signals that are the same for every candidate: nothing in them to choose by",
    "candidate_clusters": "clusters among the candidates with small margins",
    "candidates_are_pool": "every image was a candidate: margins decided nothing",
    "clusters": "clusters of the pool",
    "distinct_distances": "different distances to the decision boundary; few mean a coarse ranking",
    "empty_clusters": "picks that no cluster gave: copies in the pool; filled with the farthest images",
    "filter_is_pool": "the filter by uncertainty let the whole pool through",
    "highest_bald_nats": "the largest disagreement found",
    "information_nats": "what the informed picks together tell, in nats",
    "informed_picks": "picks chosen jointly; the rest were filled by BALD",
    "log_samples": "the most that so many Monte-Carlo samples can tell, in nats",
    "never_flipped_share": "share of the pool that no attack flipped; they rank last, by margin",
    "no_disagreement": "the Monte-Carlo samples agree everywhere: the ranking is rounding noise",
    "picks_without_gain": "picks that added nothing to the objective: position (similar: likeness) decided",
    "private_images": "labelled images that the query is to stay away from",
    "query_images": "labelled images that the picks are to resemble",
    "query_images_wrong": "of these, images that the model gets wrong",
    "stopped_by": "what ended the joint choice; unless it is the budget, BALD filled the rest",
    "target_gradients": "gradients of the target's loss that were computed",
    "target_images": "images whose loss is to fall",
    "tied_at_cut": "candidates that share the last pick's score: position in the pool decided",
    "tied_share": "share of the flipped images that share their distance with another",
    "took_everything": "the budget covered the pool: no strategy ran",
    "uniform_picks": "picks drawn uniformly because no gradient was left to tell images apart",
    "zero_distance_picks": "picks equal to an image that is labelled or picked already",
    "zero_gradients": "candidates whose gradient is exactly zero: the model is sure of them",
}
"""Every note of the strategies here, in words; a strategy from elsewhere may add its own."""

NOT_THE_CRITERION = frozenset(
    {
        *("alike", "candidates_are_pool", "empty_clusters", "filter_is_pool", "no_disagreement", "picks_without_gain"),
        *("tied_at_cut", "uniform_picks", "zero_distance_picks"),
    }
)
"""Notes of queries in which something else than the strategy's own criterion chose; the others are plain facts."""

NOTHING_IF_ZERO = NOT_THE_CRITERION | {"never_flipped_share", "tied_share", "zero_gradients"}


def table(notes: pd.DataFrame) -> pd.DataFrame:
    """Return how often each strategy noted each fact, and between which values.

    Args:
        notes: dataset, setting, strategy, seed, round, fact, value (text); a query without notes has one row with an
            empty fact.

    Returns:
        Columns dataset, setting, strategy, fact, queries (with the fact; a count of 0 of what should not happen is
        none), of (all queries), least, median, largest (NaN for words), values (words with counts), warning (something
        else than the criterion chose), meaning.
    """
    found = []
    for who, rows in notes.groupby(WHO, sort=True):
        whole = len(rows[["seed", "round"]].drop_duplicates())
        nothing = rows["fact"].isin(NOTHING_IF_ZERO) & rows["value"].isin(["0", "0.0"])
        own = rows[(rows["fact"] != "") & (rows["value"] != "False") & ~nothing]
        for fact, values in own.groupby("fact", sort=True)["value"]:
            warning = fact in NOT_THE_CRITERION or (fact == "stopped_by" and set(values) != {"budget"})
            meaning = MEANINGS.get(str(fact), "")
            found.append((*who, fact, len(values), whole, *_described(values), warning, meaning))
        if own.empty:
            found.append((*who, NOTHING, whole, whole, *_described(own["value"]), False, ""))
    columns = [*WHO, "fact", "queries", "of", "least", "median", "largest", "values", "warning", "meaning"]
    return pd.DataFrame(found, columns=columns)


def _described(values: pd.Series) -> tuple[float, float, float, str]:
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any() or numbers.empty:
        words = Counter(value for value in values if value != "True")
        return (float("nan"),) * 3 + (", ".join(f"{word}: {count}" for word, count in sorted(words.items())),)
    return float(numbers.min()), float(numbers.median()), float(numbers.max()), ""
