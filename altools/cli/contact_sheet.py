"""Draw some images of every class of a prepared dataset as one picture (`make contact-sheet`).

``python -m altools.cli.contact_sheet results/data/eurosat/dataset.json eurosat.png``
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from altools import storage
from altools.data import prepared
from altools.errors import UserError

EACH = 12  # images of a class and split


def contact_sheet(*, dataset_info: str, png: str) -> None:
    """Draw ``EACH`` images per class and split, evenly spaced through the index."""
    from altools.plotting.contact_sheet import figure

    info = storage.read_json(dataset_info)
    folder = Path(dataset_info).parent
    if info.get("encoded_in"):
        raise UserError(f"a contact sheet needs prepared pixels. {folder} holds an index only.")
    rows = []
    for split in ("train", "test"):
        pixels = prepared.pixels(folder, split)
        labels = storage.read_columns(folder / split / "index.parquet", ["label"])["label"]
        for label, name in enumerate(info["classes"]):
            of_class = np.flatnonzero(labels == label)
            if len(of_class):
                chosen = of_class[np.unique(np.linspace(0, len(of_class) - 1, EACH).round().astype(int))]
                rows.append((f"{split}, {len(of_class):,}", [(np.asarray(pixels[chosen]), [name] * len(chosen))]))
    heading = f"{folder.name}: {' x '.join(str(side) for side in info['shape'])}"
    with storage.atomic(png) as temporary:
        figure(rows, heading=heading).savefig(temporary, format="png", dpi=120)


if __name__ == "__main__":
    try:
        contact_sheet(dataset_info=sys.argv[1], png=sys.argv[2])
    except UserError as error:
        raise SystemExit(f"Error: {error}") from None
    print(sys.argv[2])
