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
        find="top_k(-margin",
        replace="top_k(margin",
        test=f"{ORACLE}::test_two_classes_make_all_three_rank_alike",
    ),
    Mutation(
        name="margin on logits",
        module="altools.kernels.uncertainty",
        find="probs.topk(2, dim=1)",
        replace="probs.log().topk(2, dim=1)",
        test=f"{ORACLE}::test_scores_equal_the_scalar_definition_and_picks_are_its_best",
    ),
    Mutation(
        name="ties by chance",
        module="altools.pool",
        find="order.indices[:budget]",
        replace="order.indices[:budget].flip(0)",
        test="tests/unit/test_pool.py::test_top_k_keeps_pool_order_among_equal_scores",
    ),
]
