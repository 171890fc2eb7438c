# The benchmark of deep active learning: versions, config, rules, targets. Functions live in common, paths, params and grid.
from snakemake.utils import min_version

min_version("9.18")


# Without --configfile the handwritten digits are the default; a file given there replaces this one, key by key
# nothing of it remains.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/paths.smk"
include: "workflow/rules/params.smk"
include: "workflow/rules/grid.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/rounds.smk"
include: "workflow/rules/results.smk"


if workflow.is_main_process:
    say_what_the_grid_means()
    say_if_results_are_read_only()


localrules:
    all,
    data,
    pretrain,
    runs,
    curves,
    statistics,
    figures,


rule all:
    """Everything: runs, curves, statistics and figures."""
    default_target: True
    input:
        rules.figures.input,
        rules.statistics.input,
        rules.report.output,
        rules.curves.input,
        rules.runs.input,


onstart:
    check_results_folder()


onsuccess:
    print(where_to_look())
