# Needs: prepared datasets. Gives: results/rounds/<dataset>/<setting>/<strategy>/seed<k>/round<r>/ and
# results/reference/<dataset>/<setting>/seed<k>/. Round 0 stands under the name "shared": it is one for all strategies.


rule label_initial:
    """Draw the labelled set of round 0."""
    input:
        facts=DATA + "/dataset.json",
    output:
        labelled=SHARED + "/labelled.parquet",
    log:
        LOGS + "/label_initial/{dataset}/{setting}/seed{seed}.log",
    conda:
        ENVIRONMENT
    group:
        "rounds"
    params:
        train_images=of_dataset(lambda dataset: dataset.train_images),
        size=of_dataset(lambda dataset: dataset.initial),
        code=code("label"),
    script:
        "../scripts/label_initial.py"


rule label_all:
    """Label everything, for the reference model."""
    input:
        facts=DATA + "/dataset.json",
    output:
        labelled=REFERENCE + "/labelled.parquet",
    log:
        LOGS + "/label_all/{dataset}/{setting}/seed{seed}.log",
    conda:
        ENVIRONMENT
    params:
        train_images=of_dataset(lambda dataset: dataset.train_images),
        code=code("label"),
    script:
        "../scripts/label_all.py"


rule train:
    """Train the task model of one round from scratch on the labelled set, and test it."""
    input:
        facts=DATA + "/dataset.json",
        data=rules.prepare.output.images + rules.prepare.output.index,
        labelled=ROUND + "/labelled.parquet",
    output:
        model=ROUND + "/model.safetensors",
        history=ROUND + "/history.parquet",
        scores=ROUND + "/scores.json",
    log:
        LOGS + "/train/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.log",
    benchmark:
        BENCHMARKS + "/train/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.tsv"
    conda:
        ENVIRONMENT
    group:
        "rounds"
    threads: cpu_threads
    resources:
        gpu=GPU,
        mem_mb=4000,
        runtime=240,
    params:
        network=network,
        normalisation=normalisation,
        recipe=recipe,
        metric_options=metric_options,
        round=lambda wildcards: int(wildcards.round),
        device=cfg.device,
        where=in_words("dataset", "setting", "strategy", "seed", "round"),
        code=training_code,
    script:
        "../scripts/train.py"


# The reference model is the model of a round that every strategy would reach: round -1 names its random streams.
use rule train as train_reference with:
    input:
        facts=DATA + "/dataset.json",
        data=rules.prepare.output.images + rules.prepare.output.index,
        labelled=REFERENCE + "/labelled.parquet",
    output:
        model=REFERENCE + "/model.safetensors",
        history=REFERENCE + "/history.parquet",
        scores=REFERENCE + "/scores.json",
    log:
        LOGS + "/train_reference/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        BENCHMARKS + "/train_reference/{dataset}/{setting}/seed{seed}.tsv"
    params:
        network=network,
        normalisation=normalisation,
        recipe=recipe,
        metric_options=metric_options,
        round=-1,
        device=cfg.device,
        where=in_words("dataset", "setting", "seed"),
        code=training_code,


rule predict:
    """Ask a model that many queries share about the whole training set, once."""
    input:
        facts=DATA + "/dataset.json",
        data=rules.prepare.output.images + rules.prepare.output.index,
        model=SHARED + "/model.safetensors",
    output:
        outputs=SHARED + "/outputs.safetensors",
    log:
        LOGS + "/predict/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        BENCHMARKS + "/predict/{dataset}/{setting}/seed{seed}.tsv"
    conda:
        ENVIRONMENT
    group:
        "rounds"
    threads: cpu_threads
    resources:
        gpu=GPU,
        mem_mb=4000,
        runtime=60,
    params:
        network=network,
        normalisation=normalisation,
        device=cfg.device,
        code=code("predict", model_module),
    script:
        "../scripts/predict.py"


use rule predict as predict_reference with:
    input:
        facts=DATA + "/dataset.json",
        data=rules.prepare.output.images + rules.prepare.output.index,
        model=REFERENCE + "/model.safetensors",
    output:
        outputs=REFERENCE + "/outputs.safetensors",
    log:
        LOGS + "/predict_reference/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        BENCHMARKS + "/predict_reference/{dataset}/{setting}/seed{seed}.tsv"


rule query:
    """Ask one strategy which images to label next."""
    input:
        facts=DATA + "/dataset.json",
        data=rules.prepare.output.images + rules.prepare.output.index,
        model=query_model("model.safetensors"),
        outputs=known_outputs,
        labelled_before=previous("labelled.parquet"),
        memory_before=previous_memory,
    output:
        labelled=ROUND + "/labelled.parquet",
        picks=ROUND + "/query.parquet",
        notes=ROUND + "/query.json",
        memory=ROUND + "/memory.safetensors",
    wildcard_constraints:
        strategy=any_of(cfg.strategies),
        round=r"[1-9]\d*",
    log:
        LOGS + "/query/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.log",
    benchmark:
        BENCHMARKS + "/query/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.tsv"
    conda:
        ENVIRONMENT
    group:
        "rounds"
    threads: cpu_threads
    resources:
        gpu=GPU,
        mem_mb=4000,
        runtime=60,
    params:
        strategy=strategy_options,
        budget=of_dataset(lambda dataset: dataset.budget),
        network=network,
        normalisation=normalisation,
        round=lambda wildcards: int(wildcards.round),
        device=cfg.device,
        where=in_words("dataset", "setting", "strategy", "seed", "round"),
        code=code("query", model_module, strategy_module),
    script:
        "../scripts/query.py"


rule runs:
    """Target: every round of every run."""
    input:
        [file for point in grid() for file in run_files(*point)],
