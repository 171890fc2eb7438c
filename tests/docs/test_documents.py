"""Generated pages are in step with the code, and no link leads nowhere."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_generated_pages_are_in_step():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert (ROOT / "docs/strategies.md").read_text() == generate.page() + "\n", "run `make docs`"
    for path in generate.MEASURED:
        text = path.read_text()
        assert "| task |" in text and generate.between(text, "measured", generate.table.markdown()) == text, path.name
    text = generate.SETTINGS.read_text()
    assert "| `train_images` | *required* |" in text and generate.between(text, "keys", generate.keys()) == text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_to_files(document):
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text) if "://" not in link]
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing
