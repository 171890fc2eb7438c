"""The site builds without a warning, needs no network, and a dead link stops it (not with --quiet, which hides it)."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def build(folder, target):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    target = tmp_path_factory.mktemp("site")
    done = build(ROOT, target)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_every_page_loads_from_disk_alone(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 12
    for page in pages:
        loaded = re.findall(r"<(?:script|img)[^>]+src=\"([^\"]+)|<link[^>]+href=\"([^\"]+)", page.read_text())
        assert not [address for pair in loaded for address in pair if address.startswith(("http", "//"))], page


def test_formulas_are_drawn_and_snippets_filled_in(site):
    strategies = (site / "strategies/index.html").read_text()
    assert strategies.count("<math") >= 10 and "\\lVert" not in strategies
    assert "Add a strategy" in (site / "adding/index.html").read_text()
    assert "cluster_margin" in (site / "settings/index.html").read_text()


def test_every_document_is_in_the_navigation():
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text()))
    assert {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")} == listed


def test_a_dead_link_stops_the_build(tmp_path):
    for name in ("docs", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("mkdocs.yml", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path)
    page = tmp_path / "docs/concepts.md"
    page.write_text(page.read_text() + "\n[nowhere](missing.md)\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0 and "missing.md" in done.stdout + done.stderr
