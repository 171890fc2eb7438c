# The benchmark of deep active learning: versions, config, rules, targets.
from snakemake.utils import min_version

min_version("9.18")


# Without --configfile the handwritten digits are the default. A config file given there replaces this one as a whole.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/rounds.smk"
include: "workflow/rules/results.smk"


if workflow.is_main_process:
    print(cost.as_text(cost.grid_cost(layout)), file=sys.stderr)


localrules:
    all,
    data,
    pretrain,
    runs,
    curves,
    statistics,
    figures,


rule all:
    """Everything: runs, curves, statistics, figures and the page."""
    default_target: True
    input:
        rules.figures.input,
        rules.statistics.input,
        rules.report.output,
        rules.curves.input,
        rules.runs.input,


onstart:
    checks.require_writable(plan.config.results)


onsuccess:
    print(checks.where_to_look(layout))
