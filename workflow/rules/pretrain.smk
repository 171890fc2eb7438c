# Needs: prepared datasets. Gives: results/pretrain/<dataset>/seed<k>/, one encoder for all strategies of setting simsiam.


# No benchmark: Snakemake refuses it beside cache; seconds are in the history.
rule simsiam:
    """Pre-train an encoder with SimSiam on the training images, without their labels."""
    input:
        facts="<results>/data/{dataset}/dataset.json",
        data=[
            "<results>/data/{dataset}/train/images.npy",
            "<results>/data/{dataset}/train/index.parquet",
        ],
    output:
        encoder="<results>/pretrain/{dataset}/seed{seed}/encoder.safetensors",
        history="<results>/pretrain/{dataset}/seed{seed}/history.parquet",
        metrics="<results>/pretrain/{dataset}/seed{seed}/metrics.json",
    log:
        "<logs>/simsiam/{dataset}/seed{seed}.log",
    wildcard_constraints:
        dataset=any_of(FIXED or ["none"]),
    cache: True
    conda:
        "../../environment.yml"
    threads: cpu_threads
    resources:
        gpu=GPU,
        mem_mb=more_each_attempt(8000),
        runtime=more_each_attempt(2880),
    params:
        arguments=arguments(
            network=network,
            normalisation=normalisation,
            recipe=of_dataset(lambda dataset: typed_config.plain(dataset.pretrain)),
            seed=lambda wildcards: int(wildcards.seed),  # the cache's key knows params, not wildcards
            device=cfg.device,
            code=code("pretrain", model_module),
        ),
    script:
        "../scripts/pretrain.py"


# As prepare_raw: the key of the cache does not know these raw files.
use rule simsiam as simsiam_raw with:
    benchmark:
        "<benchmarks>/simsiam/{dataset}/seed{seed}.tsv"
    wildcard_constraints:
        dataset=any_of([dataset for dataset in DATASETS if dataset not in FIXED] or ["none"]),
    cache: False


rule pretrain:
    """Target: every encoder."""
    input:
        expand(
            rules.simsiam.output.encoder,
            dataset=pretrained(),
            seed=cfg.seeds,
        ),
