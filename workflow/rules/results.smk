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


rule dataset_queries:
    """Put every query of a dataset into tables: its images with their true classes, its numbers, its notes."""
    input:
        queries=query_files("query.parquet"),
        notes=query_files("query.json"),
        index="<results>/data/{dataset}/train/index.parquet",
    output:
        table="<results>/queries/{dataset}.parquet",
        asked="<results>/queries/asked/{dataset}.parquet",
        facts="<results>/queries/notes/{dataset}.parquet",
    log:
        "<logs>/dataset_queries/{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        points=query_points,
        code=code("curves"),
    script:
        "../scripts/dataset_queries.py"


rule statistic:
    """One table of statistics over all datasets."""
    input:
        curves=expand("<results>/curves/{dataset}.parquet", dataset=DATASETS),
        costs=expand("<results>/costs/{dataset}.parquet", dataset=DATASETS),
    output:
        table="<results>/statistics/{statistic}.parquet",
        csv=report(
            "<results>/statistics/{statistic}.csv",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{statistic}"},
        ),
    log:
        "<logs>/statistic/{statistic}.log",
    wildcard_constraints:
        statistic=any_of(STATISTICS),
    conda:
        "../../environment.yml"
    params:
        code=code("statistics"),
    script:
        "../scripts/statistic.py"


rule query_statistic:
    """One table about the queries of all datasets."""
    input:
        queries=expand("<results>/queries/{dataset}.parquet", dataset=QUERIED),
        asked=expand("<results>/queries/asked/{dataset}.parquet", dataset=QUERIED),
        facts=expand("<results>/queries/notes/{dataset}.parquet", dataset=QUERIED),
        records=expand("<results>/data/{dataset}/dataset.json", dataset=QUERIED),
    output:
        table="<results>/statistics/{statistic}.parquet",
        csv=report(
            "<results>/statistics/{statistic}.csv",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{statistic}"},
        ),
    log:
        "<logs>/query_statistic/{statistic}.log",
    wildcard_constraints:
        statistic=any_of(QUERY_STATISTICS),
    conda:
        "../../environment.yml"
    params:
        datasets=QUERIED,
        code=code("statistics"),
    script:
        "../scripts/query_statistic.py"


rule figure:
    """One figure of one dataset and setting."""
    input:
        facts="<results>/data/{dataset}/dataset.json",
        curves="<results>/curves/{dataset}.parquet",
        costs="<results>/costs/{dataset}.parquet",
        queries="<results>/queries/{dataset}.parquet",
        asked="<results>/queries/asked/{dataset}.parquet",
    output:
        svg="<results>/figures/{dataset}/{setting}/{figure}.svg",
        png=report(
            "<results>/figures/{dataset}/{setting}/{figure}.png",
            caption="../report/figure.rst",
            category="{dataset}",
            labels={"setting": "{setting}", "figure": "{figure}"},
        ),
        table="<results>/figures/{dataset}/{setting}/{figure}.parquet",
    log:
        "<logs>/figure/{dataset}/{setting}/{figure}.log",
    wildcard_constraints:
        figure=any_of(FIGURES),
    conda:
        "../../environment.yml"
    params:
        code=code("figures"),
    script:
        "../scripts/figure.py"


rule queried_images:
    """The images that each strategy asked for in its first and last round."""
    input:
        facts="<results>/data/{dataset}/dataset.json",
        queries="<results>/queries/{dataset}.parquet",
    output:
        svg="<results>/figures/{dataset}/{setting}/queried_images.svg",
        png=report(
            "<results>/figures/{dataset}/{setting}/queried_images.png",
            caption="../report/queried_images.rst",
            category="{dataset}",
            labels={"setting": "{setting}", "figure": "queried_images"},
        ),
        table="<results>/figures/{dataset}/{setting}/queried_images.parquet",
    log:
        "<logs>/queried_images/{dataset}/{setting}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figures"),
    script:
        "../scripts/queried_images.py"


rule represented_images:
    """What the picks of strategies that look for representatives stand for, in their last query."""
    input:
        facts="<results>/data/{dataset}/dataset.json",
        index="<results>/data/{dataset}/train/index.parquet",
        queries=representing_queries,
    output:
        svg="<results>/figures/{dataset}/{setting}/represented_images.svg",
        png=report(
            "<results>/figures/{dataset}/{setting}/represented_images.png",
            caption="../report/represented_images.rst",
            category="{dataset}",
            labels={"setting": "{setting}", "figure": "represented_images"},
        ),
        table="<results>/figures/{dataset}/{setting}/represented_images.parquet",
    log:
        "<logs>/represented_images/{dataset}/{setting}.log",
    conda:
        "../../environment.yml"
    params:
        strategies=representing,
        code=code("figures"),
    script:
        "../scripts/represented_images.py"


rule pretraining:
    """The history of a dataset's pre-trainings."""
    input:
        histories=expand("<results>/pretrain/{{dataset}}/seed{seed}/history.parquet", seed=cfg.seeds),
        metrics=expand("<results>/pretrain/{{dataset}}/seed{seed}/metrics.json", seed=cfg.seeds),
    output:
        svg="<results>/figures/{dataset}/pretraining.svg",
        png=report(
            "<results>/figures/{dataset}/pretraining.png",
            caption="../report/pretraining.rst",
            category="{dataset}",
            labels={"setting": "simsiam", "figure": "pretraining"},
        ),
        table="<results>/figures/{dataset}/pretraining.parquet",
    log:
        "<logs>/pretraining/{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        seeds=cfg.seeds,
        code=code("figures"),
    script:
        "../scripts/pretraining.py"


rule settings_side_by_side:
    """All settings of one dataset on one scale."""
    input:
        curves="<results>/curves/{dataset}.parquet",
    output:
        svg="<results>/figures/{dataset}/settings.svg",
        png=report(
            "<results>/figures/{dataset}/settings.png",
            caption="../report/settings.rst",
            category="{dataset}",
            labels={"setting": "all", "figure": "settings"},
        ),
        table="<results>/figures/{dataset}/settings.parquet",
    log:
        "<logs>/settings_side_by_side/{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        code=code("figures"),
    script:
        "../scripts/settings_side_by_side.py"


rule overall_figure:
    """One figure of one setting over all datasets."""
    input:
        curves=expand("<results>/curves/{dataset}.parquet", dataset=DATASETS),
    output:
        svg="<results>/figures/overall/{setting}/{figure}.svg",
        png=report(
            "<results>/figures/overall/{setting}/{figure}.png",
            caption="../report/figure.rst",
            category="All datasets",
            labels={"setting": "{setting}", "figure": "{figure}"},
        ),
        table="<results>/figures/overall/{setting}/{figure}.parquet",
    log:
        "<logs>/overall_figure/{setting}/{figure}.log",
    wildcard_constraints:
        figure=any_of(OVERALL_FIGURES),
    conda:
        "../../environment.yml"
    params:
        code=code("figures"),
    script:
        "../scripts/overall_figure.py"


rule report:
    """The page that shows everything and opens from disk without a server."""
    input:
        curves=expand("<results>/curves/{dataset}.parquet", dataset=DATASETS),
        costs=expand("<results>/costs/{dataset}.parquet", dataset=DATASETS),
        diagnostics=expand("<results>/statistics/diagnostics.parquet") if QUERIED else [],
        notes=expand("<results>/statistics/query_notes.parquet") if QUERIED else [],
        sheets=expand("<results>/figures/{sheet}.png", sheet=sheet_names()),
        pretrainings=expand("<results>/figures/{dataset}/pretraining.png", dataset=pretrained()),
    output:
        page=report(
            "<results>/report/index.html",
            caption="../report/page.rst",
            category="The page",
            labels={"page": "choose, compare, hover"},
        ),
    log:
        "<logs>/report.log",
    conda:
        "../../environment.yml"
    params:
        places=[list(place) for place in sheets()],
        pretrained=pretrained(),
        own_metrics=OWN_METRICS,
        code=code("report"),
    script:
        "../scripts/report.py"


rule curves:
    """Target: every curve and the table of each dataset."""
    input:
        [f"{cfg.results}/curves/{dataset}/{setting}/{strategy}.parquet" for dataset, setting, strategy in grid()],
        expand("<results>/curves/{dataset}.parquet", dataset=DATASETS),


rule statistics:
    """Target: every table of statistics."""
    input:
        expand("<results>/statistics/{statistic}.csv", statistic=STATISTICS + (QUERY_STATISTICS if QUERIED else [])),


rule figures:
    """Target: every figure."""
    input:
        figure_files(),
