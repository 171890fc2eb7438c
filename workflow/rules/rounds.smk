# Needs: prepared datasets. Gives: results/rounds/<dataset>/<setting>/<strategy>/seed<k>/round<r>/ and
# results/reference/<dataset>/<setting>/seed<k>/. Round 0 stands under the name "shared": it is one for all strategies.


rule label_initial:
    """Draw the labelled set of round 0."""
    input:
        facts="<results>/data/{dataset}/dataset.json",
    output:
        labelled="<results>/rounds/{dataset}/{setting}/shared/seed{seed}/round0/labelled.parquet",
    log:
        "<logs>/label_initial/{dataset}/{setting}/seed{seed}.log",
    conda:
        "../../environment.yml"
    params:
        train_images=of_dataset(lambda dataset: dataset.train_images),
        size=of_dataset(lambda dataset: dataset.initial),
        code=code("label"),
    script:
        "../scripts/label_initial.py"


rule label_all:
    """Label everything, for the reference model."""
    input:
        facts="<results>/data/{dataset}/dataset.json",
    output:
        labelled="<results>/reference/{dataset}/{setting}/seed{seed}/labelled.parquet",
    log:
        "<logs>/label_all/{dataset}/{setting}/seed{seed}.log",
    conda:
        "../../environment.yml"
    params:
        train_images=of_dataset(lambda dataset: dataset.train_images),
        code=code("label"),
    script:
        "../scripts/label_all.py"


rule train:
    """Train the task model of one round from scratch on the labelled set, and test it."""
    input:
        facts="<results>/data/{dataset}/dataset.json",
        data=pixels("train", "test"),
        labelled="<results>/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}/labelled.parquet",
        encoder=encoder,
    output:
        model="<results>/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}/model.safetensors",
        history="<results>/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}/history.parquet",
        scores="<results>/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}/scores.json",
    log:
        "<logs>/train/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.log",
    benchmark:
        "<benchmarks>/train/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.tsv"
    conda:
        "../../environment.yml"
    threads: training_threads
    resources:
        gpu=gpu_places,
    params:
        arguments=training(lambda wildcards: int(wildcards.round)),
    script:
        "../scripts/train.py"


use rule train as train_initial with:
    input:
        facts="<results>/data/{dataset}/dataset.json",
        data=pixels("train", "test"),
        labelled="<results>/rounds/{dataset}/{setting}/shared/seed{seed}/round0/labelled.parquet",
        encoder=encoder,
    output:
        model="<results>/rounds/{dataset}/{setting}/shared/seed{seed}/round0/model.safetensors",
        history="<results>/rounds/{dataset}/{setting}/shared/seed{seed}/round0/history.parquet",
        scores="<results>/rounds/{dataset}/{setting}/shared/seed{seed}/round0/scores.json",
    log:
        "<logs>/train_initial/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_initial/{dataset}/{setting}/seed{seed}.tsv"
    params:
        arguments=training(0),


# The reference model is the model of a round that every strategy would reach: round -1 names its random streams.
use rule train as train_reference with:
    input:
        facts="<results>/data/{dataset}/dataset.json",
        data=pixels("train", "test"),
        labelled="<results>/reference/{dataset}/{setting}/seed{seed}/labelled.parquet",
        encoder=encoder,
    output:
        model="<results>/reference/{dataset}/{setting}/seed{seed}/model.safetensors",
        history="<results>/reference/{dataset}/{setting}/seed{seed}/history.parquet",
        scores="<results>/reference/{dataset}/{setting}/seed{seed}/scores.json",
    log:
        "<logs>/train_reference/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_reference/{dataset}/{setting}/seed{seed}.tsv"
    params:
        arguments=training(-1),


rule predict:
    """Ask a model that many queries share about the whole training set, once."""
    input:
        facts="<results>/data/{dataset}/dataset.json",
        data=pixels("train"),
        model="<results>/rounds/{dataset}/{setting}/shared/seed{seed}/round0/model.safetensors",
    output:
        outputs="<results>/rounds/{dataset}/{setting}/shared/seed{seed}/round0/outputs.safetensors",
    log:
        "<logs>/predict/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        "<benchmarks>/predict/{dataset}/{setting}/seed{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: cpu_threads
    resources:
        gpu=GPU,
    params:
        arguments=arguments(
            network=network,
            normalisation=normalisation,
            device=cfg.device,
            code=code("predict", model_module),
        ),
    script:
        "../scripts/predict.py"


use rule predict as predict_reference with:
    input:
        facts="<results>/data/{dataset}/dataset.json",
        data=pixels("train"),
        model="<results>/reference/{dataset}/{setting}/seed{seed}/model.safetensors",
    output:
        outputs="<results>/reference/{dataset}/{setting}/seed{seed}/outputs.safetensors",
    log:
        "<logs>/predict_reference/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        "<benchmarks>/predict_reference/{dataset}/{setting}/seed{seed}.tsv"


rule query:
    """Ask one strategy which images to label next."""
    input:
        unpack(asked),
        facts="<results>/data/{dataset}/dataset.json",
        data=pixels("train"),
    output:
        labelled="<results>/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}/labelled.parquet",
        picks="<results>/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}/query.parquet",
        notes="<results>/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}/query.json",
        memory="<results>/rounds/{dataset}/{setting}/{strategy}/seed{seed}/round{round}/memory.safetensors",
    log:
        "<logs>/query/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.log",
    benchmark:
        "<benchmarks>/query/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.tsv"
    conda:
        "../../environment.yml"
    threads: cpu_threads
    resources:
        gpu=GPU,
    params:
        arguments=arguments(
            strategy=strategy_options,
            budget=of_dataset(lambda dataset: dataset.budget),
            network=network,
            normalisation=normalisation,
            device=cfg.device,
            code=code("query", model_module, strategy_module),
        ),
    script:
        "../scripts/query.py"


rule runs:
    """Target: every round of every run."""
    input:
        [file for point in grid() for file in run_files(*point)],
