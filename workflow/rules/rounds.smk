# Needs: prepared datasets. Gives: results/rounds/<dataset>/<setting>/<strategy>/seed<k>/round<r>/ and
# results/reference/<dataset>/<setting>/seed<k>/. Round 0 lies under "shared": all strategies share it.


rule label_initial:
    """Draw the labelled set of round 0."""
    input:
        dataset_info=f"{DATA}/dataset.json",
    output:
        labelled=f"{ROUND_0}/labelled.parquet",
    log:
        "<logs>/label_initial/{dataset}/{setting}/seed{seed}.log",
    conda:
        "../../environment.yml"
    params:
        step="label.label_initial",
        arguments=ask(plan.label_initial_arguments),
    script:
        "../scripts/step.py"


rule label_all:
    """Label everything, for the reference model."""
    input:
        dataset_info=f"{DATA}/dataset.json",
    output:
        labelled=f"{REFERENCE}/labelled.parquet",
    log:
        "<logs>/label_all/{dataset}/{setting}/seed{seed}.log",
    conda:
        "../../environment.yml"
    params:
        step="label.label_all",
        arguments=ask(plan.label_all_arguments),
    script:
        "../scripts/step.py"


rule train:
    """Train the task model of one round from scratch on the labelled set, and test it."""
    input:
        dataset_info=f"{DATA}/dataset.json",
        pixels=ask(plan.training_pixels),
        labelled=f"{ROUND}/labelled.parquet",
        encoder=ask(plan.encoder),
    output:
        model=f"{ROUND}/model.safetensors",
        history=f"{ROUND}/history.parquet",
        scores=f"{ROUND}/scores.json",
    log:
        "<logs>/train/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.log",
    benchmark:
        "<benchmarks>/train/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.tsv"
    conda:
        "../../environment.yml"
    threads: ask(plan.training_threads)
    resources:
        gpu=ask(plan.training_gpus),
    params:
        step=ask(plan.train_step),
        arguments=ask(plan.train_arguments),
    script:
        "../scripts/step.py"


use rule train as train_initial with:
    input:
        dataset_info=f"{DATA}/dataset.json",
        pixels=ask(plan.training_pixels),
        labelled=f"{ROUND_0}/labelled.parquet",
        encoder=ask(plan.encoder),
    output:
        model=f"{ROUND_0}/model.safetensors",
        history=f"{ROUND_0}/history.parquet",
        scores=f"{ROUND_0}/scores.json",
    log:
        "<logs>/train_initial/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_initial/{dataset}/{setting}/seed{seed}.tsv"


use rule train as train_reference with:
    input:
        dataset_info=f"{DATA}/dataset.json",
        pixels=ask(plan.training_pixels),
        labelled=f"{REFERENCE}/labelled.parquet",
        encoder=ask(plan.encoder),
    output:
        model=f"{REFERENCE}/model.safetensors",
        history=f"{REFERENCE}/history.parquet",
        scores=f"{REFERENCE}/scores.json",
    log:
        "<logs>/train_reference/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_reference/{dataset}/{setting}/seed{seed}.tsv"
    params:
        step=ask(plan.train_step),
        arguments=ask(plan.train_reference_arguments),


rule predict:
    """Compute the outputs of a model that many queries share, for the whole training set, once."""
    input:
        dataset_info=f"{DATA}/dataset.json",
        pixels=ask(plan.query_pixels),
        model=f"{ROUND_0}/model.safetensors",
    output:
        model_outputs=f"{ROUND_0}/outputs.safetensors",
    log:
        "<logs>/predict/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        "<benchmarks>/predict/{dataset}/{setting}/seed{seed}.tsv"
    conda:
        "../../environment.yml"
    threads: ask(plan.threads)
    resources:
        gpu=ask(plan.query_gpus),
    params:
        step="predict.predict",
        arguments=ask(plan.predict_arguments),
    script:
        "../scripts/step.py"


use rule predict as predict_reference with:
    input:
        dataset_info=f"{DATA}/dataset.json",
        pixels=ask(plan.query_pixels),
        model=f"{REFERENCE}/model.safetensors",
    output:
        model_outputs=f"{REFERENCE}/outputs.safetensors",
    log:
        "<logs>/predict_reference/{dataset}/{setting}/seed{seed}.log",
    benchmark:
        "<benchmarks>/predict_reference/{dataset}/{setting}/seed{seed}.tsv"


rule query:
    """Ask one strategy which images to label next."""
    input:
        unpack(ask(plan.query_inputs)),
        dataset_info=f"{DATA}/dataset.json",
        pixels=ask(plan.query_pixels),
    output:
        labelled=f"{ROUND}/labelled.parquet",
        selection=f"{ROUND}/query.parquet",
        notes=f"{ROUND}/query.json",
        memory=f"{ROUND}/memory.safetensors",
    log:
        "<logs>/query/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.log",
    benchmark:
        "<benchmarks>/query/{dataset}/{setting}/{strategy}/seed{seed}/round{round}.tsv"
    conda:
        "../../environment.yml"
    threads: ask(plan.threads)
    resources:
        gpu=ask(plan.query_gpus),
    params:
        step="query.query",
        arguments=ask(plan.query_arguments),
    script:
        "../scripts/step.py"


rule runs:
    """Target: every round of every run."""
    input:
        plan.run_files(),
