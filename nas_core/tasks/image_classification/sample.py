"""A tiny dataset of this task: a zip archive with a folder of rings and one of crosses, grey."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from typing import Any


def write_sample(folder: Path) -> dict[str, Any]:
    """Write ``shapes.zip`` (400 pictures) below `folder`; return the fields of a job that uses it."""
    from PIL import Image, ImageDraw

    rng = random.Random(0)
    path = folder / "shapes.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(400):
            kind = rng.choice(["ring", "cross"])
            image = Image.new("L", (20, 20), rng.randint(0, 80))
            x, y, size = rng.randint(6, 13), rng.randint(6, 13), rng.randint(4, 6)
            draw, ink = ImageDraw.Draw(image), rng.randint(150, 255)
            for _ in range(40):  # dust, so that no two pictures look alike
                draw.point((rng.randrange(20), rng.randrange(20)), rng.randint(0, 255))
            if kind == "ring":
                draw.ellipse((x - size, y - size, x + size, y + size), outline=ink, width=2)
            else:
                draw.line((x - size, y, x + size, y), fill=ink, width=2)
                draw.line((x, y - size, x, y + size), fill=ink, width=2)
            file = io.BytesIO()
            image.save(file, "PNG")
            archive.writestr(f"{kind}/{number:03d}.png", file.getvalue())
    return {"dataset_uri": str(path), "target": "label", "folds": 1}
