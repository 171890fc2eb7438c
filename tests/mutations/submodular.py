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
]
