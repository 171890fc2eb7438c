"""Bugs of other implementations of the uncertainty scores."""

from tests.mutations import Mutation

ORACLE = "tests/oracles/test_uncertainty.py"

MUTATIONS = [
    Mutation(
        name="entropy ranks NaN first",
        module="altools.kernels.uncertainty",
        find="torch.xlogy(probs, probs)",
        replace="(probs * probs.log())",
        test=f"{ORACLE}::test_saturated_rows_rank_last_not_first",
    ),
    Mutation(
        name="margin takes the clearest",
        module="altools.strategies.margin",
        find="top_k(margin_uncertainty",
        replace="top_k(-margin_uncertainty",
        test=f"{ORACLE}::test_two_classes_make_all_three_rank_alike",
    ),
    Mutation(
        name="margin on logits",
        module="altools.kernels.uncertainty",
        find="others.sum(dim=1) + others.amax(dim=1)",
        replace="others.amax(dim=1).log() - probs.amax(dim=1).log()",
        test=f"{ORACLE}::test_scores_equal_the_scalar_definition_and_picks_are_its_best",
    ),
    Mutation(
        name="confidence as 1 - p, which is the same for all sure images",
        module="altools.kernels.uncertainty",
        find="return _others(probs).sum(dim=1)",
        replace="return 1 - probs.amax(dim=1)",
        test=f"{ORACLE}::test_nearly_saturated_rows_keep_their_order",
    ),
    Mutation(
        name="margin as a difference, which is the same for all sure images",
        module="altools.kernels.uncertainty",
        find="return others.sum(dim=1) + others.amax(dim=1)",
        replace="return 1 - (probs.amax(dim=1) - others.amax(dim=1))",
        test=f"{ORACLE}::test_nearly_saturated_rows_keep_their_order",
    ),
    Mutation(
        name="ties by chance",
        module="altools.pool",
        find="order.indices[:budget]",
        replace="order.indices[:budget].flip(0)",
        test="tests/unit/test_pool.py::test_top_k_keeps_pool_order_among_equal_scores",
    ),
]
