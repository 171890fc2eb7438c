# Needs: prepared datasets. Gives: results/pretrain/<dataset>/seed<k>/, one encoder for all strategies of setting simsiam.


# No benchmark: Snakemake refuses it beside cache; seconds are in the history.
rule simsiam:
    """Pre-train an encoder with SimSiam on the training images, without their labels."""
    input:
        facts="<data>/dataset.json",
        data=[
            "<data>/train/images.npy",
            "<data>/train/index.parquet",
        ],
    output:
        encoder="<pretrain>/encoder.safetensors",
        history="<pretrain>/history.parquet",
        metrics="<pretrain>/metrics.json",
    log:
        "<logs>/simsiam/{dataset}/seed{seed}.log",
    cache: True
    conda:
        "../../environment.yml"
    threads: cpu_threads
    resources:
        gpu=GPU,
        mem_mb=8000,
        runtime=2880,
    params:
        network=network,
        normalisation=normalisation,
        recipe=of_dataset(lambda dataset: typed_config.plain(dataset.pretrain)),
        device=cfg.device,
        where=in_words("dataset", "seed"),
        code=code("pretrain", model_module),
    script:
        "../scripts/pretrain.py"


rule pretrain:
    """Target: every encoder."""
    input:
        expand(rules.simsiam.output.encoder, dataset=DATASETS, seed=cfg.seeds),
