"""Notes that strategies write about their queries (ties, saturation, zero gradients), counted and explained.

A strategy without notes has a row that says so.
"""

from __future__ import annotations

from collections import Counter

import pandas as pd

from altools.statistics.curves import WHO

COLUMNS = [*WHO, "seed", "round", "note", "value"]
NOTHING = "nothing noted"

MEANINGS = {
    "constant_signals": "signals that are constant over the pool: they tell no candidate from another",
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
        *("candidates_are_pool", "constant_signals", "empty_clusters", "filter_is_pool", "no_disagreement"),
        *("picks_without_gain", "tied_at_cut", "uniform_picks", "zero_distance_picks"),
    }
)
"""Notes of queries in which something else than the strategy's own criterion chose; the others describe the query."""

NOTHING_IF_ZERO = NOT_THE_CRITERION | {"never_flipped_share", "tied_share", "zero_gradients"}


def table(notes: pd.DataFrame) -> pd.DataFrame:
    """Return how often each strategy wrote each note, and between which values.

    Args:
        notes: dataset, setting, strategy, seed, round, note, value (text); a query without notes has one row with an
            empty note.

    Returns:
        Columns dataset, setting, strategy, note, queries (with the note; a count of 0 of what should not happen is
        none), of (all queries), least, median, largest (NaN for words), values (words with counts), warning (something
        else than the criterion chose), meaning.
    """
    found = []
    for who, rows in notes.groupby(WHO, sort=True):
        whole = len(rows[["seed", "round"]].drop_duplicates())
        nothing = rows["note"].isin(NOTHING_IF_ZERO) & rows["value"].isin(["0", "0.0"])
        own = rows[(rows["note"] != "") & (rows["value"] != "False") & ~nothing]
        for note, values in own.groupby("note", sort=True)["value"]:
            warning = note in NOT_THE_CRITERION or (note == "stopped_by" and set(values) != {"budget"})
            meaning = MEANINGS.get(str(note), "")
            found.append((*who, note, len(values), whole, *_described(values), warning, meaning))
        if own.empty:
            found.append((*who, NOTHING, whole, whole, *_described(own["value"]), False, ""))
    columns = [*WHO, "note", "queries", "of", "least", "median", "largest", "values", "warning", "meaning"]
    return pd.DataFrame(found, columns=columns)


def _described(values: pd.Series) -> tuple[float, float, float, str]:
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.isna().any() or numbers.empty:
        words = Counter(value for value in values if value != "True")
        return (float("nan"),) * 3 + (", ".join(f"{word}: {count}" for word, count in sorted(words.items())),)
    return float(numbers.min()), float(numbers.median()), float(numbers.max()), ""
