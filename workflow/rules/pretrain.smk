# Needs: prepared datasets. Gives: results/pretrain/<dataset>/seed<k>/, one encoder for all strategies.


# No benchmark: Snakemake refuses it beside cache; seconds are in the history.
rule simsiam:
    """Pre-train an encoder with SimSiam on the training images, without their labels."""
    input:
        dataset_info=f"{DATA}/dataset.json",
        pixels=ask(plan.query_pixels),
    output:
        encoder=f"{PRETRAINED}/encoder.safetensors",
        history=f"{PRETRAINED}/history.parquet",
        metrics=f"{PRETRAINED}/metrics.json",
    log:
        "<logs>/simsiam/{dataset}/seed{seed}.log",
    wildcard_constraints:
        dataset=any_of(cacheable),
    cache: True
    conda:
        "../../environment.yml"
    threads: ask(plan.threads)
    resources:
        gpu=ask(plan.query_gpus),
    params:
        step="pretrain.pretrain",
        arguments=ask(plan.pretrain_arguments),
        alone=True,
    script:
        "../scripts/step.py"


# As prepare_raw: the key of the cache does not know the raw files.
use rule simsiam as simsiam_raw with:
    benchmark:
        "<benchmarks>/simsiam/{dataset}/seed{seed}.tsv"
    wildcard_constraints:
        dataset=any_of(raw),
    cache: False


rule pretrain:
    """Target: every encoder."""
    input:
        [f"{folder}/encoder.safetensors" for dataset in layout.datasets for folder in layout.encoders(dataset)],
