# Needs: raw files, as the config's options of each source say. Gives: results/data/<dataset>/.
# Raw files are not rule inputs, so a missing file fails only its own dataset; the error says where to get it.


# No benchmark: Snakemake refuses it beside cache, and wants a name for each cached file.
rule prepare:
    """Turn a publisher's files into a uint8 array, an index and dataset.json."""
    output:
        dataset_info=f"{DATA}/dataset.json",
        train_images=f"{DATA}/train/images.npy",
        train_index=f"{DATA}/train/index.parquet",
        test_images=f"{DATA}/test/images.npy",
        test_index=f"{DATA}/test/index.parquet",
    log:
        "<logs>/prepare/{dataset}.log",
    wildcard_constraints:
        dataset=any_of(cacheable),
    cache: True
    conda:
        "../../environment.yml"
    params:
        step="prepare.prepare",
        arguments=ask(plan.prepare_arguments),
        alone=True,
    script:
        "../scripts/step.py"


# Not cached between workflows: the key of that cache knows params, and this data depends on the raw files too.
use rule prepare as prepare_raw with:
    output:
        dataset_info=f"{DATA}/dataset.json",
        images=expand(f"{DATA}/{{split}}/images.npy", split=["train", "test"], allow_missing=True),
        index=expand(f"{DATA}/{{split}}/index.parquet", split=["train", "test"], allow_missing=True),
    benchmark:
        "<benchmarks>/prepare/{dataset}.tsv"
    wildcard_constraints:
        dataset=any_of([name for name in raw if name not in encoded]),
    cache: False


use rule prepare_raw as index with:
    output:
        dataset_info=f"{DATA}/dataset.json",
        index=expand(f"{DATA}/{{split}}/index.parquet", split=["train", "test"], allow_missing=True),
    wildcard_constraints:
        dataset=any_of(encoded),


rule data:
    """Target: every prepared dataset."""
    input:
        [f"{layout.data(dataset)}/dataset.json" for dataset in layout.datasets],
