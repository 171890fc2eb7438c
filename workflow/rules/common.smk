# The config, checked; its layout and plan (`altools.layout`, `altools.plan`); and how a rule asks them.
import inspect
import re
import sys
from pathlib import Path

from snakemake.common import overwrite_function_params
from snakemake.exceptions import WorkflowError

sys.path.insert(0, workflow.basedir)

from altools import layout as paths
from altools.config import schema
from altools.errors import UserError
from altools.plan import Plan
from altools.runtime import checks, cost

try:
    plan = Plan(schema.load(config))
    checks.results_folder(plan.config.results)
except UserError as error:
    raise WorkflowError(f"The config is not valid:\n{error}") from None

layout = plan.layout
cacheable = [entry.name for entry in plan.config.datasets if entry.options_determine_data]
encoded = layout.encoded
raw = [name for name in layout.datasets if name not in cacheable]
DATA, PRETRAINED, ROUND, ROUND_0, REFERENCE = (
    f"<results>/{folder}" for folder in (paths.DATA, paths.PRETRAINED, paths.ROUND, paths.ROUND_0, paths.REFERENCE)
)


pathvars:
    results=plan.config.results,
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


def ask(method):
    """Call a method of the plan with a job's wildcards."""
    answer = lambda wildcards: method(**wildcards)
    # Cache the signature: Snakemake inspects it about 40 times per job.
    overwrite_function_params(answer, inspect.signature(answer).parameters)
    return answer


def any_of(names):
    """Return a pattern that matches these names; one that matches nothing where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    dataset=any_of(layout.datasets),
    setting=any_of(dict.fromkeys([*plan.config.settings, *layout.models])),
    # Round 0 lies under "shared", so its paths match neither query nor train. Patterns that overlap work locally and
    # fail on a cluster.
    strategy=any_of(plan.config.strategies),
    round=r"[1-9]\d*",
    seed=r"\d+",
    figure=any_of(layout.figures),
    statistic=any_of(layout.statistics),
