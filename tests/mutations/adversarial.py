"""Bugs of other implementations of DeepFool, BIM and the strategies that rank their distances."""

from tests.mutations import Mutation

ORACLE = "tests/oracles/test_adversarial.py"
RANKING = "tests/unit/strategies/test_adversarial_ranking.py"

MUTATIONS = [
    Mutation(
        name="DeepFool heads for the last class",
        module="altools.kernels.adversarial",
        find="nearer = reach < nearest",
        replace="nearer = reach < math.inf",
        test=f"{ORACLE}::test_deepfool_of_a_linear_model_is_the_distance_to_the_nearest_boundary",
    ),
    Mutation(
        name="DeepFool compares logits without their slopes",
        module="altools.kernels.adversarial",
        find="gap.detach().abs() / steepness",
        replace="gap.detach().abs()",
        test=f"{ORACLE}::test_deepfool_without_a_nudge_is_the_closed_form_times_the_overshoot",
    ),
    Mutation(
        name="DeepFool measures before the overshoot",
        module="altools.kernels.adversarial",
        find="(stretch * shift).square()",
        replace="shift.square()",
        test=f"{ORACLE}::test_deepfool_equals_its_definition_one_image_at_a_time",
    ),
    Mutation(
        name="images that never flip have a finite distance",
        module="altools.kernels.adversarial",
        find="torch.where(flipped, (stretch * shift).square().flatten(1).sum(1), math.inf)",
        replace="(stretch * shift).square().flatten(1).sum(1)",
        test=f"{ORACLE}::test_out_of_steps_means_never_flipped",
    ),
    Mutation(
        name="NaN logits count as flipped",
        module="altools.kernels.adversarial",
        find="finite = values.isfinite().all(1)",
        replace="finite = torch.ones_like(steps, dtype=torch.bool)",
        test=f"{ORACLE}::test_a_network_that_breaks_down_on_the_way_means_never_flipped",
    ),
    Mutation(
        name="BIM gradients vanish where the network is sure",
        module="altools.kernels.adversarial",
        find="(others - logits.gather(1, known)[:, 0]).sum()",
        replace="torch.nn.functional.cross_entropy(logits, known[:, 0], reduction='sum')",
        test=f"{ORACLE}::test_bim_flips_where_cross_entropy_has_no_gradient_left",
    ),
    Mutation(
        name="BIM leaves the image box",
        module="altools.kernels.adversarial",
        find="if clip:",
        replace="if False:",
        test=f"{ORACLE}::test_bim_counts_pixels_in_pixel_units_and_stays_inside",
    ),
    Mutation(
        name="attacks accumulate weight gradients",
        module="altools.kernels.adversarial",
        find="slope = torch.autograd.grad(value, point, retain_graph=not last, allow_unused=True)[0]",
        replace="point.grad = None; value.backward(retain_graph=not last); slope = point.grad",
        test=f"{ORACLE}::test_no_weight_gradient_and_no_batch_statistic_is_touched",
    ),
    Mutation(
        name="images entering the batch take over a neighbour's class",
        module="altools.kernels.adversarial",
        find="known = first if known is None else torch.cat([known, first])",
        replace="known = first if known is None else torch.cat([first, known])",
        test=f"{ORACLE}::test_an_image_does_not_depend_on_its_batch",
    ),
    Mutation(
        name="never flipped ranks first",
        module="altools.kernels.flip_order",
        find="distance[by_margin].argsort(stable=True)",
        replace="distance.nan_to_num(posinf=-1.0)[by_margin].argsort(stable=True)",
        test=f"{RANKING}::test_candidates_that_never_flip_come_last_by_margin",
    ),
    Mutation(
        name="ties between distances keep pool order",
        module="altools.kernels.flip_order",
        find="by_margin = margin_uncertainty.argsort(stable=True, descending=True)",
        replace="by_margin = torch.arange(len(margin_uncertainty))",
        test=f"{RANKING}::test_nearest_first_then_smallest_margin_then_pool_order",
    ),
    Mutation(
        name="margins are added to distances",
        module="altools.kernels.flip_order",
        find="distance[by_margin].argsort(stable=True)",
        replace="(distance - 1e-3 * margin_uncertainty)[by_margin].argsort(stable=True)",
        test=f"{RANKING}::test_margins_do_not_outweigh_tiny_differences_of_distance",
    ),
]
