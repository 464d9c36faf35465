"""A tiny dataset of this task: a saddle with noise, shifted by a category, with holes."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any


def write_sample(folder: Path) -> dict[str, Any]:
    """Write ``saddle.csv`` (400 rows) below `folder`; return the fields of a job that uses it."""
    rng = random.Random(0)
    path = folder / "saddle.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "site", "height"])
        for row in range(400):
            a, b, site = rng.uniform(-2, 2), rng.uniform(-2, 2), rng.choice("NSW")
            height = 100 + 20 * a * b + {"N": 0, "S": 15, "W": -10}[site] + rng.gauss(0, 2)
            writer.writerow(["" if row % 50 == 0 else f"{a:.4f}", f"{b:.4f}", site, f"{height:.3f}"])
    return {"dataset_uri": str(path), "target": "height"}
