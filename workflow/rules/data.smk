# Needs: raw files, as the config's options of each source say. Gives: results/data/<dataset>/.


rule prepare:
    """Turn a publisher's files into a uint8 array, an index and facts."""
    output:
        facts="<results>/data/{dataset}/dataset.json",
        images=expand("<results>/data/{dataset}/{split}/images.npy", split=["train", "test"], allow_missing=True),
        index=expand(
            "<results>/data/{dataset}/{split}/index.parquet",
            split=["train", "test"],
            allow_missing=True,
        ),
    log:
        "<logs>/prepare/{dataset}.log",
    benchmark:
        "<benchmarks>/prepare/{dataset}.tsv"
    conda:
        "../../environment.yml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        source=of_dataset(lambda dataset: dataset.source),
        options=of_dataset(lambda dataset: dataset.options),
        train_images=of_dataset(lambda dataset: dataset.train_images),
        code=code("prepare", source_module),
    script:
        "../scripts/prepare.py"


rule data:
    """Target: every prepared dataset."""
    input:
        expand("<results>/data/{dataset}/dataset.json", dataset=DATASETS),
