# Needs: scores and queries of every round. Gives: results/{curves,costs,queries,statistics,figures,report}/.


rule curve:
    """Gather the scores of all seeds and rounds of one strategy into its curve, and what they cost."""
    input:
        unpack(ask(plan.curve_inputs)),
    output:
        curves="<results>/curves/{dataset}/{setting}/{strategy}.parquet",
        costs="<results>/costs/{dataset}/{setting}/{strategy}.parquet",
    log:
        "<logs>/curve/{dataset}/{setting}/{strategy}.log",
    conda:
        "../../environment.yml"
    params:
        step="curves.curve",
        arguments=ask(plan.curve_arguments),
    script:
        "../scripts/step.py"


rule dataset_curves:
    """Put the curves of a dataset, and its reference models, into one table; likewise the costs."""
    input:
        unpack(ask(plan.dataset_curves_inputs)),
    output:
        curves="<results>/curves/{dataset}.parquet",
        costs="<results>/costs/{dataset}.parquet",
    log:
        "<logs>/dataset_curves/{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        step="curves.dataset_curves",
        arguments=ask(plan.dataset_curves_arguments),
    script:
        "../scripts/step.py"


rule dataset_queries:
    """Put every query of a dataset into tables: its images with their true classes, its sizes, its notes."""
    input:
        unpack(ask(plan.dataset_queries_inputs)),
    output:
        queries="<results>/queries/{dataset}.parquet",
        query_sizes="<results>/queries/sizes/{dataset}.parquet",
        query_notes="<results>/queries/notes/{dataset}.parquet",
    log:
        "<logs>/dataset_queries/{dataset}.log",
    conda:
        "../../environment.yml"
    params:
        step="curves.dataset_queries",
        arguments=ask(plan.dataset_queries_arguments),
    script:
        "../scripts/step.py"


rule statistic:
    """One table of statistics over all datasets."""
    input:
        unpack(ask(plan.statistic_inputs)),
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
    conda:
        "../../environment.yml"
    params:
        step="statistics.statistic",
        arguments=ask(plan.statistic_arguments),
    script:
        "../scripts/step.py"


rule figure:
    """One figure: of a dataset and setting, of a dataset, or of a setting over all datasets."""
    input:
        unpack(ask(plan.figure_inputs)),
    output:
        svg="<results>/figures/{figure}.svg",
        png=report(
            "<results>/figures/{figure}.png",
            caption="../report/figure.rst",
            category=ask(plan.figure_category),
            labels=ask(plan.figure_labels),
        ),
        table="<results>/figures/{figure}.parquet",
    log:
        "<logs>/figure/{figure}.log",
    conda:
        "../../environment.yml"
    params:
        step="figures.figure",
        arguments=ask(plan.figure_arguments),
    script:
        "../scripts/step.py"


rule report:
    """The page that shows everything and opens from disk without a server."""
    input:
        **plan.report_inputs(),
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
        step="report.report",
        arguments=plan.report_arguments(),
    script:
        "../scripts/step.py"


rule curves:
    """Target: every curve and the table of each dataset."""
    input:
        plan.curve_files(),


rule statistics:
    """Target: every table of statistics."""
    input:
        expand("<results>/statistics/{statistic}.csv", statistic=layout.statistics),


rule figures:
    """Target: every figure."""
    input:
        expand("<results>/figures/{figure}.png", figure=layout.figures),
