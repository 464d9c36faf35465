"""A tiny dataset of this task: a table that names colour pictures beside it, and how large the disc on each is."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any


def write_sample(folder: Path) -> dict[str, Any]:
    """Write ``discs.csv`` (400 rows) and its pictures below `folder`; return the fields of a job that uses it."""
    from PIL import Image, ImageDraw

    rng = random.Random(0)
    path = folder / "discs.csv"
    (folder / "discs").mkdir()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["picture", "radius"])
        for number in range(400):
            radius, x, y = rng.uniform(1, 8), rng.uniform(8, 12), rng.uniform(8, 12)
            image = Image.new("RGB", (20, 20), (rng.randint(0, 60), rng.randint(0, 60), 90))
            disc = (x - radius, y - radius, x + radius, y + radius)
            draw = ImageDraw.Draw(image)
            draw.ellipse(disc, fill=(rng.randint(150, 255), 200, 40))
            for _ in range(40):  # dust, so that no two pictures look alike
                draw.point((rng.randrange(20), rng.randrange(20)), (rng.randint(0, 255),) * 3)
            name = f"discs/{number:03d}.png"
            image.save(folder / name)
            writer.writerow([name, f"{radius:.3f}"])
    return {"dataset_uri": str(path), "target": "radius", "folds": 1}
