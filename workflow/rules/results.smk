# Needs: scores and queries of every round. Gives: results/{curves,costs,statistics,figures}/.


rule curve:
    """Gather the scores of all seeds and rounds of one strategy into its curve, and what they cost."""
    input:
        scores=trained_files("scores.json"),
        histories=trained_files("history.parquet"),
        queries=query_notes,
    output:
        curve="<results>/curves/{dataset}/{setting}/{strategy}.parquet",
        cost="<results>/costs/{dataset}/{setting}/{strategy}.parquet",
    log:
        "<logs>/curve/{dataset}/{setting}/{strategy}.log",
    conda:
        "../../environment.yml"
    params:
        seeds=cfg.seeds,
        rounds=of_dataset(lambda dataset: dataset.rounds),
        code=code("curves"),
    script:
        "../scripts/curve.py"


rule dataset_curves:
    """Put the curves of a dataset, and its reference models, into one table; likewise the costs."""
    input:
        curves=of_all_runs("<results>/curves/{dataset}/{setting}/{strategy}.parquet"),
        costs=of_all_runs("<results>/costs/{dataset}/{setting}/{strategy}.parquet"),
        references=reference_scores,
    output:
        curves="<results>/curves/{dataset}.parquet",
        costs="<results>/costs/{dataset}.parquet",
    log:
        "<logs>/dataset_curves/{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        seeds=cfg.seeds,
        settings={setting: start_of(setting) for setting in cfg.settings},
        code=code("curves"),
    script:
        "../scripts/dataset_curves.py"


rule summary:
    """Area under each curve, and the accuracy at each budget."""
    input:
        curves=expand(
            "<results>/curves/{dataset}.parquet",
            dataset=DATASETS,
        ),
    output:
        table="<results>/statistics/summary.parquet",
        csv="<results>/statistics/summary.csv",
    log:
        "<logs>/summary.log",
    conda:
        "../../environment.yml"
    params:
        code=code("summary"),
    script:
        "../scripts/summary.py"


rule learning_curves:
    """Draw accuracy against labels, a line per strategy."""
    input:
        curves="<results>/curves/{dataset}.parquet",
    output:
        svg="<results>/figures/{dataset}/{setting}/learning_curves.svg",
        png="<results>/figures/{dataset}/{setting}/learning_curves.png",
        table="<results>/figures/{dataset}/{setting}/learning_curves.parquet",
    log:
        "<logs>/learning_curves/{dataset}/{setting}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figures"),
    script:
        "../scripts/learning_curves.py"


rule curves:
    """Target: every curve and the table of each dataset."""
    input:
        expand(rules.curve.output.curve, dataset=DATASETS, setting=cfg.settings, strategy=cfg.strategies),
        rules.summary.input.curves,


rule figures:
    """Target: every figure and the summary table."""
    input:
        expand(
            rules.learning_curves.output.png,
            dataset=DATASETS,
            setting=cfg.settings,
        ),
        rules.summary.output,
