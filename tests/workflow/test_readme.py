"""Every command of the README works as written, on the tiny grid."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
UNDER_TEST = {"make test"}  # this very run


def test_the_readme_holds_the_commands():
    assert "make demo" in COMMANDS and "make test" in COMMANDS and len(COMMANDS) >= 5


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in UNDER_TEST])
def test_a_command_of_the_readme_works(finished, tmp_path, command):
    repository = tmp_path / "repository"
    shutil.copytree(finished.path, repository, symlinks=True)
    binaries = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "PYTHONPATH": str(repository)}
    # The environment that runs the tests stands in for the one that the Makefile would create.
    for stamp in (".run", ".dev"):
        (binaries.parent / stamp).touch()
    shutil.copy2(ROOT / "requirements.lock", repository)
    if command.startswith("make"):
        command += f" VENV={binaries.parent} --assume-old={binaries.parent}/.run"
    done = subprocess.run(command, shell=True, cwd=repository, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def test_the_python_example_prints_what_it_says():
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    expected = re.search(r"print\(.*\)  # (.*)", code).group(1)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


def test_every_file_that_the_readme_links_exists():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links and all((ROOT / link).exists() for link in links), links
