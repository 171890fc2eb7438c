"""Statistics bugs seen in published benchmarks, and their neighbours."""

from __future__ import annotations

from tests.mutations import Mutation

ORACLE = "tests/oracles/test_statistics.py"
NULL = "tests/laws/test_null.py"
GAPS = "tests/unit/statistics/test_gaps.py"
CURVES = "tests/unit/statistics/test_curves.py"

MUTATIONS = [
    Mutation(
        name="runs paired by row order instead of seed",
        module="altools.statistics.paired",
        find="values[seed, place, strategy] =",
        replace='values[runs.groupby([*PLACE, "strategy"], dropna=False).cumcount(), place, strategy] =',
        test=f"{ORACLE}::test_paired_test_is_scipys_two_sided_one_by_seed_whatever_the_row_order",
    ),
    Mutation(
        name="pairs by row order hide the seed effect",
        module="altools.statistics.paired",
        find="values[seed, place, strategy] =",
        replace='values[runs.groupby([*PLACE, "strategy"], dropna=False).cumcount(), place, strategy] =',
        test=f"{NULL}::test_pairing_by_seed_finds_what_unpaired_noise_hides",
    ),
    Mutation(
        name="one-tailed p value",
        module="altools.statistics.paired",
        find="p = 2 * stats.t.sf(",
        replace="p = stats.t.sf(",
        test=f"{NULL}::test_false_positives_come_at_the_stated_rate",
    ),
    Mutation(
        name="one-tailed critical value on published numbers",
        module="altools.statistics.paired",
        find="p = 2 * stats.t.sf(",
        replace="p = stats.t.sf(",
        test=f"{ORACLE}::test_a_difference_between_the_one_tailed_and_the_two_tailed_critical_value_is_a_tie",
    ),
    Mutation(
        name="population deviation in the paired test",
        module="altools.statistics.paired",
        find="np.sqrt(squares / (n - 1))",
        replace="np.sqrt(squares / n)",
        test=f"{NULL}::test_false_positives_come_at_the_stated_rate",
    ),
    Mutation(
        name="n degrees of freedom",
        module="altools.statistics.paired",
        find="df = np.maximum(n - 1, 1)",
        replace="df = np.maximum(n, 1)",
        test=f"{ORACLE}::test_paired_test_is_scipys_two_sided_one_by_seed_whatever_the_row_order",
    ),
    Mutation(
        name="Holm's correction left out",
        module="altools.statistics.paired",
        find='(families.transform("size") - families.cumcount()) * known["p"]',
        replace='known["p"]',
        test=f"{NULL}::test_holm_keeps_the_rate_of_any_false_positive",
    ),
    Mutation(
        name="Holm without its running maximum",
        module="altools.statistics.paired",
        find=".cummax()",
        replace=".head(len(known))",
        test=f"{ORACLE}::test_holm_in_its_step_down_definition_and_statsmodels",
    ),
    Mutation(
        name="a p value from differences that do not vary",
        module="altools.statistics.paired",
        find="varies = sd > 1e-12 * np.maximum(1.0, np.abs(mean))",
        replace="varies = sd >= 0",
        test=f"{GAPS}::test_a_p_value_is_never_invented",
    ),
    Mutation(
        name="penalty counts the loser",
        module="altools.statistics.penalty",
        find="there = cells.assign(wins=real & (better > 0))",
        replace="there = cells.assign(wins=real & (better < 0))",
        test=f"{ORACLE}::test_penalty_matrix_in_its_definition",
    ),
    Mutation(
        name="population deviation in the interval",
        module="altools.statistics.curves",
        find="groups.std(ddof=1)",
        replace="groups.std(ddof=0)",
        test=f"{ORACLE}::test_intervals_of_published_means_and_deviations",
    ),
    Mutation(
        name="area over rounds instead of labels",
        module="altools.statistics.curves",
        find="np.trapezoid(values, budgets, axis=1) / (budgets[-1] - budgets[0])",
        replace="np.trapezoid(values, axis=1) / (len(budgets) - 1)",
        test=f"{ORACLE}::test_area_of_a_published_curve_on_the_label_axis",
    ),
    Mutation(
        name="values that are not finite vanish without a note",
        module="altools.statistics.curves",
        find='f"{size - count} of {size} values not finite" if size > count else ""',
        replace='""',
        test=f"{CURVES}::test_values_that_are_not_finite_are_counted_and_named",
    ),
    Mutation(
        name="critical difference without the square root of two",
        module="altools.statistics.ranks",
        find=" / np.sqrt(2)",
        replace="",
        test=f"{ORACLE}::test_critical_differences_of_demsar",
    ),
    Mutation(
        name="rank one for the worst",
        module="altools.statistics.ranks",
        find="ranks = (-direction(metric) * complete)",
        replace="ranks = (direction(metric) * complete)",
        test=f"{ORACLE}::test_mean_ranks_and_friedman_are_scipys",
    ),
    Mutation(
        name="savings take the last crossing",
        module="altools.statistics.savings",
        find="place = reached.argmax(axis=1)",
        replace="place = reached.shape[1] - 1 - reached[:, ::-1].argmax(axis=1)",
        test=f"{ORACLE}::test_crossing_in_its_scalar_definition",
    ),
    Mutation(
        name="queries without a note are not counted",
        module="altools.statistics.query_notes",
        find='whole = len(rows[["seed", "round"]]',
        replace='whole = len(rows.loc[rows["fact"] != "", ["seed", "round"]]',
        test="tests/unit/statistics/test_query_notes.py::test_what_did_not_happen_is_not_counted_and_a_strategy_without_notes_keeps_a_row",
    ),
    Mutation(
        name="overlap with random whatever the seed",
        module="altools.statistics.diagnostics",
        find='for seed, runs in group.groupby("seed", sort=True):',
        replace='for seed, runs in ((seed, group) for seed in sorted(group["seed"].unique())):',
        test="tests/unit/statistics/test_diagnostics.py::test_overlap_in_its_definition_and_with_itself",
    ),
    Mutation(
        name="coverage of the picks instead of the pool",
        module="altools.kernels.spread",
        find="coverage_radius=float(distance.max())",
        replace="coverage_radius=float(distance[picks].max())",
        test="tests/unit/kernels/test_spread.py::test_is_scipys_in_units_of_the_pools_mean_distance",
    ),
    Mutation(
        name="a pick is its own near-duplicate",
        module="altools.kernels.spread",
        find="_, _, other = nearest_two(chosen, rows[picks])",
        replace="_, other, _ = nearest_two(chosen, rows[picks])",
        test="tests/unit/kernels/test_spread.py::test_is_scipys_in_units_of_the_pools_mean_distance",
    ),
]
