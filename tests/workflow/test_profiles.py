"""The profiles for clusters agree with the one for a machine, and with the rules."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DEFAULT, SLURM, SHARD, KUBERNETES = (
    yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())
    for name in ("default", "slurm", "slurm-shard", "kubernetes")
)
RULES = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
NAMES = set(re.findall(r"^rule (\w+):|^use rule \w+ as (\w+) with:", RULES, re.MULTILINE))


def test_the_cluster_has_the_settings_of_a_machine_but_not_its_one_gpu():
    shared = {key: value for key, value in DEFAULT.items() if key != "resources"}
    assert DEFAULT["resources"] == {"gpu": 1}
    for profile in (SLURM, KUBERNETES):
        assert shared.items() <= profile.items() and "resources" not in profile


def test_every_rule_that_a_profile_names_is_there():
    names = {one or other for one, other in NAMES}
    assert set(SLURM["groups"]) | set(SLURM["set-resources"]) <= names
    assert set(SHARD["set-resources"]) == set(SLURM["set-resources"]) == set(KUBERNETES["set-resources"])
    assert KUBERNETES["groups"] == SLURM["groups"]
