import numpy as np
import pandas as pd

from altools.statistics import query_notes


def table(*notes):
    place = {"dataset": "digits", "setting": "standard"}
    names = ("strategy", "seed", "round", "note", "value")
    return query_notes.table(pd.DataFrame([{**place, **dict(zip(names, note, strict=True))} for note in notes]))


def test_notes_are_counted_over_queries_with_their_range():
    found = table(*(("batchbald", 0, r, "informed_picks", str(n)) for r, n in enumerate((12, 14, 19)))).iloc[0]
    assert (found["queries"], found["of"]) == (3, 3)
    assert (found["least"], found["median"], found["largest"]) == (12, 14, 19)
    assert not found["warning"] and "filled by BALD" in found["meaning"]


def test_words_are_counted():
    found = table(*(("batchbald", 0, r, "stopped_by", word) for r, word in enumerate(("noise", "budget", "noise"))))
    assert found["values"].item() == "budget: 1, noise: 2" and np.isnan(found["median"].item())
    assert found["warning"].item()  # BALD filled the rest
    assert not table(("batchbald", 0, 1, "stopped_by", "budget"))["warning"].item()


def test_what_did_not_happen_is_not_counted_and_a_strategy_without_notes_keeps_a_row():
    found = table(
        ("fass", 0, 1, "picks_without_gain", "0"),
        ("fass", 0, 1, "filter_is_pool", "False"),
        ("margin", 0, 1, "tied_at_cut", "2"),
        ("margin", 0, 2, "", ""),
        ("random", 0, 1, "", ""),
    ).set_index("strategy")
    assert found.loc[["fass", "random"], "note"].tolist() == [query_notes.NOTHING] * 2
    assert found.loc["margin", ["queries", "of", "warning"]].tolist() == [1, 2, True]


def test_a_flag_counts_the_queries_that_have_it():
    flags = [("cluster_margin", seed, 1, "candidates_are_pool", str(seed > 0)) for seed in range(3)]
    found = table(*flags).iloc[0]
    assert (found["queries"], found["of"]) == (2, 3) and found["warning"] and found["values"] == ""


def test_a_note_of_a_strategy_from_elsewhere_is_shown_without_a_meaning():
    found = table(("lab.mine", 0, 1, "surprise", "0.5")).iloc[0]
    assert (found["note"], found["median"], found["meaning"]) == ("surprise", 0.5, "")
