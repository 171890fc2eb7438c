"""The data target: a real sample through its own rule, and a dataset whose files are missing stops only itself."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from altools.config import schema as typed_config
from altools.layout import Layout
from altools.runtime import cost
from tests.samples import SHARED

ROOT_CONFIG = "config/config.yaml"

SAMPLE = """
results: results
seeds: [0]
strategies: [random]
datasets:
  - name: eurosat
    source: eurosat
    options: {path: raw/eurosat, split: list, list_file: raw/list.txt, train_lines: 200, complete: false}
    train_images: 200
    initial: 20
    budget: 20
    rounds: 2
  - name: gaps
    source: gaps
    options: {path: raw/gaps}
    train_images: 50000
    initial: 5000
    budget: 5000
    rounds: 2
"""


@pytest.fixture
def sample(repository):
    """A few real EuroSAT images beside a GAPs that is not there."""
    if not (SHARED / "make_raw.py").exists():
        pytest.skip("the real samples (../shared/data) are not at hand")
    raw = repository.path / "raw"
    subprocess.run([sys.executable, SHARED / "make_raw.py", "eurosat", SHARED, raw / "all"], check=True)
    names = []
    for folder in sorted((raw / "all/2750").iterdir()):
        (raw / "eurosat/2750" / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[:25]:
            shutil.move(file, raw / "eurosat/2750" / folder.name / file.name)
            names.append(f"{folder.name}/{file.name}")
    shutil.rmtree(raw / "all")
    # The first 20 of every class are train.
    names = [name for part in (range(20), range(20, 25)) for row, name in enumerate(names) if row % 25 in part]
    (raw / "list.txt").write_text("\n".join(names))
    (repository.path / ROOT_CONFIG).write_text(SAMPLE)
    return repository


def test_a_missing_dataset_stops_only_itself(sample):
    done = sample.snakemake("--cores", "2", "data", check=False)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "raw/gaps does not exist; get it: ask TU Ilmenau" in said and "a licence is needed" in said
    facts = json.loads((sample.path / "results/data/eurosat/dataset.json").read_text())
    assert facts["train"]["images"] == 200 and set(facts["train"]["per_class"].values()) == {20}
    assert facts["test"]["images"] == 50 and facts["provenance"]["params"]["source"] == "eurosat"
    assert not (sample.path / "results/data/gaps").exists() or not list(sample.path.glob("results/data/gaps/**/*.npy"))
    sheet = sample.path / "results/sheet.png"
    subprocess.run(
        [sys.executable, "-m", "altools.cli.contact_sheet", "results/data/eurosat/dataset.json", str(sheet)],
        cwd=sample.path,
        check=True,
    )
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_the_cost_is_what_the_graph_plans(repository):
    for settings in ("[standard]", "[standard,reference_query]"):
        planned = repository.planned("--config", f"settings={settings}")
        data = yaml.safe_load((repository.path / ROOT_CONFIG).read_text()) | {"settings": yaml.safe_load(settings)}
        (counted,) = cost.grid_cost(Layout(typed_config.load(data)))
        assert counted.queries == planned["query"]
        assert counted.trainings == sum(planned[rule] for rule in ("train", "train_initial", "train_reference"))


def test_the_papers_grid():
    text = (Path(__file__).parents[2] / "config/paper.yaml").read_text()
    config = typed_config.load(yaml.safe_load(text))
    assert [dataset.name for dataset in config.datasets] == ["cifar10", "eurosat", "oct", "braintumor", "gaps", "ksdd2"]
    assert len(config.strategies) == 15 and all(dataset.rounds == 10 for dataset in config.datasets)
    assert all(dataset.takes_all(9) for dataset in config.datasets)
    assert all(dataset.recipe.epochs == 200 and dataset.recipe.batch_size == 20 for dataset in config.datasets)
    costs = cost.grid_cost(Layout(config))
    runs = 15 + 15 + 14  # random asks no model, so it is the same run in standard and reference_query
    assert sum(row.queries for row in costs) == 6 * 5 * 9 * runs
    assert sum(row.trainings for row in costs) == 6 * 5 * (2 * 2 + 8 * runs)  # two starts: round 0 and reference model
    assert "in all" in cost.as_text(costs)
