# Needs: raw files, as the config's options of each source say. Gives: results/data/<dataset>/.
# Raw files are no inputs of the graph: one that is missing must stop its own dataset only, with a sentence that says
# where to get it.


# No benchmark: Snakemake refuses it beside cache, and wants a name for each cached file.
rule prepare:
    """Turn a publisher's files into a uint8 array, an index and facts."""
    output:
        facts="<results>/data/{dataset}/dataset.json",
        train_images="<results>/data/{dataset}/train/images.npy",
        train_index="<results>/data/{dataset}/train/index.parquet",
        test_images="<results>/data/{dataset}/test/images.npy",
        test_index="<results>/data/{dataset}/test/index.parquet",
    log:
        "<logs>/prepare/{dataset}.log",
    wildcard_constraints:
        dataset=any_of(FIXED or ["none"]),
    cache: True
    conda:
        "../../environment.yml"
    params:
        source=of_dataset(lambda dataset: dataset.source),
        options=of_dataset(lambda dataset: dataset.options),
        train_images=of_dataset(lambda dataset: dataset.train_images),
        code=code("prepare", source_module),
    script:
        "../scripts/prepare.py"


# The cache between workflows goes by params; what comes of these raw files depends on the files too.
use rule prepare as prepare_raw with:
    output:
        facts="<results>/data/{dataset}/dataset.json",
        images=expand("<results>/data/{dataset}/{split}/images.npy", split=["train", "test"], allow_missing=True),
        index=expand("<results>/data/{dataset}/{split}/index.parquet", split=["train", "test"], allow_missing=True),
    benchmark:
        "<benchmarks>/prepare/{dataset}.tsv"
    wildcard_constraints:
        dataset=any_of([dataset for dataset in DATASETS if dataset not in FIXED + ENCODED] or ["none"]),
    cache: False


use rule prepare_raw as index with:
    output:
        facts="<results>/data/{dataset}/dataset.json",
        index=expand("<results>/data/{dataset}/{split}/index.parquet", split=["train", "test"], allow_missing=True),
    wildcard_constraints:
        dataset=any_of(ENCODED or ["none"]),


rule data:
    """Target: every prepared dataset."""
    input:
        expand("<results>/data/{dataset}/dataset.json", dataset=DATASETS),
