"""pyproject.toml, environment.yml and the lock files agree, and the locks name no host."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WANTED = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
CONDA_NAMES = {"torch": "pytorch"}


def locked(name):
    lines = [line.split(" ;")[0].strip() for line in (ROOT / name).read_text().splitlines()]
    pairs = [line.split("==") for line in lines if "==" in line]
    versions = {}
    for package, version in pairs:
        versions.setdefault(package.lower(), []).append(version)
    return versions


def test_environment_yml_lists_the_same_requirements():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    expected = {f"{CONDA_NAMES.get(r.name, r.name)}{','.join(sorted(str(s) for s in r.specifier))}" for r in WANTED}
    normal = {f"{Requirement(e).name}{','.join(sorted(str(s) for s in Requirement(e).specifier))}" for e in entries}
    assert normal == expected | {f"python{PROJECT['project']['requires-python']}"}


def test_the_lock_satisfies_every_requirement():
    versions = locked("requirements.lock")
    for requirement in WANTED:
        assert versions[requirement.name.lower()], requirement
        assert all(requirement.specifier.contains(v) for v in versions[requirement.name.lower()]), requirement
    assert versions["torch"] == ["2.14.1"] and versions["torchvision"] == ["0.29.2"]


def test_the_developers_lock_contains_the_users_lock():
    developers = locked("requirements-dev.lock")
    assert all(developers[name] == versions for name, versions in locked("requirements.lock").items())


def test_the_locks_name_no_host_and_no_path():
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"://|index-url|find-links|^/", (ROOT / name).read_text(), re.MULTILINE)
