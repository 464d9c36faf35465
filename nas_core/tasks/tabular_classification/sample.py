"""A tiny dataset of this task: two noisy rings told apart, with a category, a date and holes."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path
from typing import Any


def write_sample(folder: Path) -> dict[str, Any]:
    """Write ``rings.csv`` (400 rows) below `folder`; return the fields of a job that uses it."""
    rng = random.Random(0)
    path = folder / "rings.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "y", "colour", "seen", "member", "ring"])
        for row in range(400):
            inner = rng.random() < 0.45
            angle, radius = rng.uniform(0, 2 * math.pi), (1.0 if inner else 2.0) + rng.gauss(0, 0.2)
            colour = rng.choice(["red", "green"] if inner else ["green", "blue"]) if rng.random() > 0.05 else ""
            x = "" if row % 40 == 0 else f"{radius * math.cos(angle):.4f}"
            day = f"2026-{1 + row % 12:02d}-{1 + row % 28:02d}"
            writer.writerow(
                [x, f"{radius * math.sin(angle):.4f}", colour, day, row % 3 == 0, "inner" if inner else "outer"]
            )
    return {"dataset_uri": str(path), "target": "ring", "split": "random"}  # its days order nothing
