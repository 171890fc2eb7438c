# Needs: scores and queries of every round. Gives: results/{curves,costs,statistics,figures}/.

CURVE = RESULTS + "/curves/{dataset}/{setting}/{strategy}.parquet"
COST = RESULTS + "/costs/{dataset}/{setting}/{strategy}.parquet"


def trained_files(name):
    """A file of the model of every seed and round of one strategy."""

    def paths(wildcards):
        point = (wildcards.dataset, wildcards.setting, wildcards.strategy)
        return [f"{trained_folder(*point, seed, round)}/{name}" for seed, round in runs_of(*point)]

    return paths


def query_notes(wildcards):
    """The query notes of every seed and round but the first."""
    point = (wildcards.dataset, wildcards.setting, wildcards.strategy)
    return [f"{round_folder(*point, seed, round)}/query.json" for seed, round in runs_of(*point) if round]


def curves_of_dataset(pattern):
    """The curves (or costs) of all settings and strategies of a dataset."""
    return lambda wildcards: expand(
        pattern, dataset=wildcards.dataset, setting=cfg.settings, strategy=cfg.strategies
    )


def reference_scores(wildcards):
    """The scores of the reference models of a dataset."""
    starts = dict.fromkeys(start_of(setting) for setting in cfg.settings)
    return [
        REFERENCE.format(dataset=wildcards.dataset, setting=start, seed=seed) + "/scores.json"
        for start, seed in product(starts, cfg.seeds)
    ]


rule curve:
    """Gather the scores of all seeds and rounds of one strategy into its curve, and what they cost."""
    input:
        scores=trained_files("scores.json"),
        histories=trained_files("history.parquet"),
        queries=query_notes,
    output:
        curve=CURVE,
        cost=COST,
    log:
        LOGS + "/curve/{dataset}/{setting}/{strategy}.log",
    conda:
        ENVIRONMENT
    params:
        seeds=cfg.seeds,
        rounds=of_dataset(lambda dataset: dataset.rounds),
        code=code("curves"),
    script:
        "../scripts/curve.py"


rule dataset_curves:
    """Put the curves of a dataset, and its reference models, into one table; likewise the costs."""
    input:
        curves=curves_of_dataset(CURVE),
        costs=curves_of_dataset(COST),
        references=reference_scores,
    output:
        curves=RESULTS + "/curves/{dataset}.parquet",
        costs=RESULTS + "/costs/{dataset}.parquet",
    log:
        LOGS + "/dataset_curves/{dataset}.log",
    conda:
        ENVIRONMENT
    params:
        seeds=cfg.seeds,
        settings={setting: start_of(setting) for setting in cfg.settings},
        code=code("curves"),
    script:
        "../scripts/dataset_curves.py"


rule summary:
    """Area under each curve, and the accuracy at each budget."""
    input:
        curves=expand(RESULTS + "/curves/{dataset}.parquet", dataset=[dataset.name for dataset in cfg.datasets]),
    output:
        table=RESULTS + "/statistics/summary.parquet",
        csv=RESULTS + "/statistics/summary.csv",
    log:
        LOGS + "/summary.log",
    conda:
        ENVIRONMENT
    params:
        code=code("summary"),
    script:
        "../scripts/summary.py"


rule learning_curves:
    """Draw accuracy against labels, a line per strategy."""
    input:
        curves=RESULTS + "/curves/{dataset}.parquet",
    output:
        svg=RESULTS + "/figures/{dataset}/{setting}/learning_curves.svg",
        png=RESULTS + "/figures/{dataset}/{setting}/learning_curves.png",
        table=RESULTS + "/figures/{dataset}/{setting}/learning_curves.parquet",
    log:
        LOGS + "/learning_curves/{dataset}/{setting}.log",
    conda:
        ENVIRONMENT
    params:
        code=code("figures"),
    script:
        "../scripts/learning_curves.py"


rule curves:
    """Target: every curve and the table of each dataset."""
    input:
        expand(CURVE, zip, dataset=[p[0] for p in grid()], setting=[p[1] for p in grid()], strategy=[p[2] for p in grid()]),
        rules.summary.input.curves,


rule figures:
    """Target: every figure and the summary table."""
    input:
        expand(
            rules.learning_curves.output.png,
            dataset=[dataset.name for dataset in cfg.datasets],
            setting=cfg.settings,
        ),
        rules.summary.output,
