"""Known mistakes in submodular, clustering and gradient strategies, each of which a test must catch."""

from __future__ import annotations

from tests.mutations import Mutation

CLUSTER_MARGIN = "altools.strategies.cluster_margin"
CLUSTER_MARGIN_TEST = "tests/oracles/test_cluster_margin.py::"

MUTATIONS: list[Mutation] = [
    Mutation(
        name="Cluster-Margin ignores the margins (public code of arXiv 2312.05751)",
        module=CLUSTER_MARGIN,
        find="considered = top_k(scores, ",
        replace="considered = top_k(0 * scores, ",
        test=CLUSTER_MARGIN_TEST + "test_margins_decide_which_images_are_candidates",
    ),
    Mutation(
        name="Cluster-Margin visits large clusters first",
        module=CLUSTER_MARGIN,
        find="torch.sort(size, stable=True)",
        replace="torch.sort(-size, stable=True)",
        test=CLUSTER_MARGIN_TEST + "test_rare_clusters_come_first",
    ),
    Mutation(
        name="Cluster-Margin takes the lowest margin of a cluster instead of a random member (cure-lab)",
        module=CLUSTER_MARGIN,
        find="shuffled = considered[torch.randperm(len(considered), generator=rng).to(considered.device)]",
        replace="shuffled = considered",
        test=CLUSTER_MARGIN_TEST + "test_every_member_of_a_cluster_is_picked_equally_often",
    ),
    Mutation(
        name="Cluster-Margin clusters again in every round",
        module=CLUSTER_MARGIN,
        find="if cluster is None:",
        replace="if True:",
        test=CLUSTER_MARGIN_TEST + "test_clusters_are_made_once_and_handed_on",
    ),
    Mutation(
        name="average linkage merges by unweighted means",
        module="altools.kernels.average_linkage",
        find="(now.mean[left] * ours + now.mean[right] * theirs) / (ours + theirs)",
        replace="(now.mean[left] + now.mean[right]) / 2",
        test="tests/oracles/test_average_linkage.py::test_equals_scikit_learn",
    ),
    Mutation(
        name="FASS forgets its filter",
        module="altools.strategies.fass",
        find="size = min(pool.size, round(beta * budget))",
        replace="size = pool.size",
        test="tests/oracles/test_facility_location.py::test_fass_definition",
    ),
    Mutation(
        name="FASS keeps the most certain images",
        module="altools.strategies.fass",
        find="top_k(score_of(pool.probs, uncertainty), size)",
        replace="top_k(-score_of(pool.probs, uncertainty), size)",
        test="tests/oracles/test_facility_location.py::test_fass_definition",
    ),
    Mutation(
        name="entropy of a probability of exactly zero is NaN",
        module="altools.kernels.uncertainty",
        find="torch.special.xlogy(probs, probs)",
        replace="(probs * probs.log())",
        test="tests/oracles/test_facility_location.py::test_fass_with_beta_one_takes_the_most_uncertain",
    ),
    Mutation(
        name="lazy greedy trusts a stale gain",
        module="altools.kernels.facility",
        find="valid = valid & (score[best] >= least[best])",
        replace="valid = valid & (score[best] >= 0)",
        test="tests/oracles/test_facility_location.py::test_blocks_storage_caps_and_floors_change_nothing",
    ),
    Mutation(
        name="facility location picks an image again",
        module="altools.kernels.facility",
        find="extra[best] = torch.where(valid, -torch.inf, extra[best])",
        replace="pass",
        test="tests/oracles/test_facility_location.py::test_copies_and_zero_embeddings_are_picked_once_each_and_last",
    ),
]
