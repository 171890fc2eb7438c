"""Bugs of other implementations of BADGE, k-center and k-means, and of the block algorithms here."""

from tests.mutations import Mutation

BADGE = "tests/oracles/test_badge.py"
KCENTER = "tests/oracles/test_kcenter.py"
KMEANS = "tests/oracles/test_kmeans.py"

MUTATIONS = [
    Mutation(
        name="labelled images are picked again",
        module="altools.data.labelled",
        find="free[labelled] = False",
        replace="pass",
        test="tests/laws/test_partition.py::test_rounds_partition_the_training_set",
    ),
    Mutation(
        name="BADGE squares what float32 cannot hold",
        module="altools.strategies.badge",
        find="torch.ldexp(residual, -power)",
        replace="residual",
        test=f"{BADGE}::test_squares_that_float32_cannot_hold_are_not_taken_for_zero",
    ),
    Mutation(
        name="BADGE fills up with picks again",
        module="altools.kernels.seeding",
        find="free[picks.cpu()] = False",
        replace="pass",
        test=f"{BADGE}::test_candidates_without_gradient_fill_up_uniformly_and_once",
    ),
    Mutation(
        name="BADGE draws copies by rounding noise",
        module="altools.kernels.distances",
        find="torch.where(closest > points.resolution * norms, closest, 0)",
        replace="closest.clamp_min(0)",
        test=f"{BADGE}::test_copies_are_drawn_once_before_the_uniform_fill",
    ),
    Mutation(
        name="BADGE has a ghost centre at the origin",
        module="altools.kernels.seeding",
        find='torch.full_like(points.norms, float("inf"))',
        replace="points.norms.clone()",
        test=f"{BADGE}::test_the_origin_is_no_centre",
    ),
    Mutation(
        name="BADGE reference draws with D to the fourth",
        module="altools.kernels.seeding",
        find="_inverse(nearest.cumsum(",
        replace="_inverse(nearest.square().cumsum(",
        test=f"{BADGE}::test_batches_of_five_points_come_with_their_exact_probabilities[reference-None]",
    ),
    Mutation(
        name="BADGE fast draws with D to the fourth",
        module="altools.kernels.seeding",
        find="cumulated = nearest.cumsum(",
        replace="cumulated = nearest.square().cumsum(",
        test=f"{BADGE}::test_batches_of_five_points_come_with_their_exact_probabilities[fast-256]",
    ),
    Mutation(
        name="BADGE accepts every new proposal",
        module="altools.kernels.seeding",
        find="if uniform * float(envelope[k]) < float(now[k]):",
        replace="if now[k] > 0:",
        test=f"{BADGE}::test_batches_of_five_points_come_with_their_exact_probabilities[fast-256]",
    ),
    Mutation(
        name="BADGE starts anywhere",
        module="altools.strategies.badge",
        find="points.norms == points.norms.max()",
        replace="points.norms >= 0",
        test=f"{BADGE}::test_the_first_pick_has_the_largest_gradient_and_its_score_is_the_squared_norm",
    ),
    Mutation(
        name="BADGE forgets the predicted class",
        module="altools.kernels.gradients",
        find="-out.sum(dim=1, keepdim=True)",
        replace="0.0",
        test=f"{BADGE}::test_gradients_are_those_of_the_definition",
    ),
    Mutation(
        name="core-set picks a candidate again",
        module="altools.kernels.kcenter",
        find="        now[best] = CHOSEN",
        replace="        pass",
        test=f"{KCENTER}::test_copies_of_labelled_and_picked_points_come_last_in_pool_order",
    ),
    Mutation(
        name="core-set forgets its picks between blocks",
        module="altools.kernels.kcenter",
        find="            nearest[chosen] = CHOSEN",
        replace="            pass",
        test=f"{KCENTER}::test_equal_candidates_are_picked_once_each_in_pool_order",
    ),
    Mutation(
        name="core-set ignores the labelled images",
        module="altools.strategies.coreset",
        find='lower_(torch.full_like(candidates.norms, float("inf")), candidates, labelled)',
        replace='torch.full_like(candidates.norms, float("inf"))',
        test=f"{KCENTER}::test_the_score_is_the_distance_to_the_nearest_labelled_or_picked",
    ),
    Mutation(
        name="core-set stays in a block too long",
        module="altools.kernels.kcenter",
        find="if not now[best] > above:",
        replace="if now[best] == CHOSEN:",
        test=f"{KCENTER}::test_picks_are_those_of_the_definition_on_integer_points_with_many_ties",
    ),
    Mutation(
        name="core-set loses digits far from the origin",
        module="altools.kernels.distances",
        find="[part - shift for part in (rows, *others)]",
        replace="[part + 0 * shift for part in (rows, *others)]",
        test=f"{KCENTER}::test_real_embeddings_far_from_the_origin_keep_the_float64_picks",
    ),
    Mutation(
        name="k-means fills up with picks again",
        module="altools.strategies.kmeans",
        find='rest[picks] = -float("inf")',
        replace="pass",
        test=f"{KMEANS}::test_copies_leave_clusters_empty_and_the_farthest_candidates_fill_up",
    ),
    Mutation(
        name="k-means leaves a centre without points",
        module="altools.kernels.lloyd",
        find="means[empty[: len(farthest)]] = rows[farthest]",
        replace="pass",
        test=f"{KMEANS}::test_a_centre_without_points_moves_to_the_farthest_point",
    ),
    Mutation(
        name="k-means picks any member",
        module="altools.strategies.kmeans",
        find="is_nearest = clusters.squared == least[clusters.labels]",
        replace="is_nearest = clusters.squared >= least[clusters.labels]",
        test=f"{KMEANS}::test_each_pick_is_the_member_nearest_to_its_centre",
    ),
    Mutation(
        name="k-means forgets the centres at rest",
        module="altools.kernels.lloyd",
        find="(best >= runner_up)",
        replace="(best > 1e30)",
        test=f"{KMEANS}::test_comparing_with_moved_centres_alone_finds_the_nearest_of_all",
    ),
]
