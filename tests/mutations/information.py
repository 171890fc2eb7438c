"""Bugs of other implementations of BALD, BatchBALD and Monte-Carlo dropout, and of the shortcuts here."""

from tests.mutations import Mutation

ORACLE = "tests/oracles/test_information.py"
DROPOUT = "tests/unit/kernels/test_dropout_heads.py"

MUTATIONS = [
    Mutation(
        name="BALD is NaN at probability zero",
        module="altools.kernels.information",
        find="torch.clamp(probs, min=torch.finfo(probs.dtype).tiny, out=spare).log_()",
        replace="probs.log()",
        test=f"{ORACLE}::test_bald_is_the_mutual_information_of_its_definition",
    ),
    Mutation(
        name="BALD in float32",
        module="altools.kernels.information",
        find="dtype=torch.float64)",
        replace="dtype=torch.float32)",
        test=f"{ORACLE}::test_bald_of_candidates_that_agree_is_zero_up_to_float64",
    ),
    Mutation(
        name="BALD forgets the second term",
        module="altools.kernels.information",
        find="mixture_entropy(mc_probs) - sample_entropies(mc_probs).mean(1)",
        replace="mixture_entropy(mc_probs)",
        test="tests/unit/strategies/test_information_by_hand.py"
        "::test_bald_wants_samples_that_disagree_not_samples_that_are_unsure",
    ),
    Mutation(
        name="BatchBALD goes on at log K",
        module="altools.strategies.batchbald",
        find="saturated or best <= max(noise, AGREEMENT_NATS)",
        replace="False",
        test=f"{ORACLE}::test_sampled_joint_information_never_exceeds_log_m",
    ),
    Mutation(
        name="BatchBALD averages its second term over other outcomes",
        module="altools.kernels.outcomes",
        find="entropies @ (weights @ posterior)",
        replace="entropies.mean(1)",
        test=f"{ORACLE}::test_gains_are_bounded_by_the_gains_of_merged_outcomes",
    ),
    Mutation(
        name="BatchBALD multiplies float32 probabilities",
        module="altools.kernels.outcomes",
        find="return self.log_joint.softmax(1)",
        replace="joint = self.log_joint.float().exp(); return (joint / joint.sum(1, keepdim=True)).double()",
        test=f"{ORACLE}::test_thousands_of_factors_do_not_underflow",
    ),
    Mutation(
        name="BatchBALD scores first picks by uninitialised memory",
        module="altools.kernels.outcomes",
        find="mixed.double()",
        replace="torch.empty(len(probs), dtype=torch.float64).fill_(len(posterior) * 1e-3)",
        test="tests/unit/strategies/test_information_by_hand.py"
        "::test_batchbald_prefers_a_second_question_to_the_same_one_again",
    ),
    Mutation(
        name="BatchBALD weighs outcomes equally while enumerating",
        module="altools.kernels.outcomes",
        find="        if self.drawn:\n            return torch.full_like",
        replace="        if True:\n            return torch.full_like",
        test=f"{ORACLE}::test_batchbald_enumerates_as_its_definition",
    ),
    Mutation(
        name="BatchBALD draws impossible labels",
        module="altools.kernels.outcomes",
        find="right=True",
        replace="right=False",
        test=f"{ORACLE}::test_drawn_labels_follow_their_probabilities",
    ),
    Mutation(
        name="BatchBALD forgets the labels drawn before the switch",
        module="altools.kernels.outcomes",
        find="for pick in batch]",
        replace="for pick in batch[-1:]]",
        test=f"{ORACLE}::test_sampled_gains_agree_with_enumerated_ones",
    ),
    Mutation(
        name="BatchBALD trusts stale gains",
        module="altools.strategies.batchbald",
        find="    bounds[rivals] = gains(rivals)\n",
        replace="",
        test=f"{ORACLE}::test_lazy_scoring_picks_as_a_full_scan",
    ),
    Mutation(
        name="BatchBALD picks again",
        module="altools.strategies.batchbald",
        find="bounds.index_fill_(0, pick, -math.inf)",
        replace="pass",
        test=f"{ORACLE}::test_no_nan_at_ten_samples_and_a_hundred_picks",
    ),
    Mutation(
        name="BatchBALD fills up with its own picks",
        module="altools.strategies.batchbald",
        find="bald.index_fill(0, informed, -math.inf)",
        replace="bald",
        test=f"{ORACLE}::test_the_rest_is_filled_in_bald_order",
    ),
    Mutation(
        name="dropout masks differ between chunks",
        module="altools.kernels.dropout_heads",
        find="torch.addmm(biases, block, heads)",
        replace="torch.addmm(biases, block, heads * (torch.rand(heads.shape) > 0.5))",
        test=f"{DROPOUT}::test_masks_do_not_depend_on_how_candidates_are_cut",
    ),
    Mutation(
        name="dropout masks are drawn from the global generator",
        module="altools.kernels.dropout_heads",
        find="torch.rand(samples, features, generator=generator)",
        replace="torch.rand(samples, features)",
        test=f"{DROPOUT}::test_one_generator_gives_one_answer",
    ),
    Mutation(
        name="dropout without rescaling",
        module="altools.kernels.dropout_heads",
        find=".float() / (1 - rate)",
        replace=".float()",
        test=f"{DROPOUT}::test_masks_drop_at_the_rate_and_keep_the_mean",
    ),
    Mutation(
        name="Monte-Carlo passes use statistics of the batch",
        module="altools.kernels.dropout_heads",
        find="heads = (masks[:, None] * weight)",
        replace="embeddings = (embeddings - embeddings.mean(0)) / embeddings.std(0)\n"
        "    heads = (masks[:, None] * weight)",
        test=f"{DROPOUT}::test_monte_carlo_passes_touch_no_batch_statistics",
    ),
]
