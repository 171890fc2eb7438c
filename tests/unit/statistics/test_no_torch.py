import subprocess
import sys

import altools


def test_results_are_read_and_drawn_without_torch():
    """0.7 s of import that every figure job would pay."""
    lines = [
        "import pkgutil, importlib, sys",
        "from altools import plotting, report, statistics",
        "for package in (plotting, report, statistics):",
        "    for module in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):",
        "        importlib.import_module(module.name)",
        "print(sorted({'torch', 'scipy.stats', 'plotly', 'matplotlib.pyplot'} & set(sys.modules)))",
    ]
    folder = altools.__path__[0].rpartition("altools")[0]
    found = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=folder, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
