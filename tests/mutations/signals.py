"""Bugs of other implementations of the passes over the pool."""

from tests.mutations import Mutation

UNCHANGED = "tests/unit/signals/test_signals.py::test_no_pass_changes_the_network_or_its_statistics"

MUTATIONS = [
    Mutation(
        name="Monte-Carlo passes touch BatchNorm statistics",
        module="altools.training.predict",
        find="model.eval()\n    try",
        replace="model.train()\n    try",
        test=f"{UNCHANGED}[mc_probs]",
    ),
    Mutation(
        name="attacks touch BatchNorm statistics",
        module="altools.training.predict",
        find="model.eval().requires_grad_(False)",
        replace="model.train().requires_grad_(False)",
        test=f"{UNCHANGED}[deepfool_distance]",
    ),
]
