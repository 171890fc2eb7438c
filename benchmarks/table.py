"""The performance table of the README, from what the benchmarks wrote under ``benchmarks/results/``."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.harness import RESULTS


def markdown() -> str:
    """Return a row per measured task: what it was compared with, the ratio, and where it ran."""
    lines = ["| task | compared with | ratio | agreement |", "|---|---|---|---|"]
    machines = set()
    for content in read():
        machines.add(where(content))
        for row in content.get("results", []):
            if "peer" in row:
                missed = "" if row["reached"] else f" (goal {row['goal']}x)"
                lines.append(f"| {row['name']} | {row['peer']} | {row['ratio']:.3g}x{missed} | {row['agreement']} |")
    return "\n".join([*lines, "", f"Measured on {'; '.join(sorted(machines))}."])


def read() -> list[dict[str, Any]]:
    """Return what each topic wrote, by topic."""
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    return [content for content in contents if "topic" in content]


def where(content: dict[str, Any]) -> str:
    """Describe a machine and its torch in words."""
    machine = content["machine"]
    device = machine["gpu"] or f"{machine['cores']} cores of {machine['cpu']}"
    return f"{device} (torch {content['versions']['torch']})"


if __name__ == "__main__":
    print(markdown())
