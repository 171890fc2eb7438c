"""Jobs as the workflow hands them to `altools.runtime.job.perform`: plain values and named files."""

from dataclasses import asdict
from pathlib import Path

from altools import storage
from altools.runtime.job import perform

CODE = "test"


def label_all(folder, images):
    """Write the labelled set of a reference model into a folder; return its path."""
    path = str(Path(folder) / "labelled.parquet")
    job = {"train_images": images, "job": {"code": CODE}}
    perform("label.label_all", inputs={}, outputs={"labelled": path}, wildcards={}, arguments=job, threads=1)
    return path


def stays_encoded(dataset_info):
    """Whether the images of a prepared dataset stay encoded."""
    return bool(storage.read_json(dataset_info).get("encoded_in"))


def pixels(dataset_info, *splits):
    """Files of a prepared dataset that a job reads."""
    kinds = ["index.parquet"] if stays_encoded(dataset_info) else ["images.npy", "index.parquet"]
    return [str(Path(dataset_info).parent / split / kind) for split in splits for kind in kinds]


def train(dataset_info, labelled, folder, *, model, recipe, metrics, encoder=(), round=0, **job):
    """A training whose model, history and scores go to a folder."""
    kinds = {"model": "safetensors", "history": "parquet", "scores": "json"}
    return {
        "step": "train_encoded.train" if stays_encoded(dataset_info) else "train.train",
        "inputs": {
            "dataset_info": str(dataset_info),
            "pixels": pixels(dataset_info, "train", "test"),
            "labelled": labelled,
            "encoder": list(encoder),
        },
        "outputs": {name: str(folder / f"{name}.{kind}") for name, kind in kinds.items()},
        "wildcards": {"dataset": "small", "seed": "0"},
        "arguments": {
            "model": model,
            "recipe": asdict(recipe),
            "metrics": metrics,
            "job": {"device": "cpu", "code": CODE, "round": round, **job},
        },
        "threads": 1,
    }


def pretrain(dataset_info, folder, *, model, recipe, **job):
    """A pre-training whose encoder, history and metrics go to a folder."""
    kinds = {"encoder": "safetensors", "history": "parquet", "metrics": "json"}
    return {
        "step": "pretrain.pretrain",
        "inputs": {"dataset_info": str(dataset_info), "pixels": pixels(dataset_info, "train")},
        "outputs": {name: str(folder / f"{name}.{kind}") for name, kind in kinds.items()},
        "wildcards": {"dataset": "small", "seed": "0"},
        "arguments": {
            "model": model,
            "recipe": asdict(recipe),
            "job": {"device": "cpu", "code": CODE, "seed": 0, **job},
        },
        "threads": 1,
    }
