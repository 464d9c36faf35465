"""Pictures side by side on one sheet, each with a few words below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from nas_core.report import drawing

ACROSS = 5  # pictures
SIDE, MARGIN, LINE = 160, 16, 20  # pixels
HEAT = np.array(drawing.FAILED, float)  # the colour of the places that a map marks
MOST_HEAT = 0.75  # how much of it covers a place at most


@dataclass(frozen=True)
class Tile:
    """A picture, uint8 (height, width, channels), what is said below it, and a map of places (uint8) to lay over it."""

    picture: np.ndarray
    lines: tuple[str, ...] = ()
    places: np.ndarray | None = None


def draw_sheet(tiles: Sequence[Tile], path: Path, across: int = ACROSS) -> None:
    """Write the `tiles` row by row, `across` in each, as a PNG to `path`."""
    n_lines = max(len(tile.lines) for tile in tiles)
    height = SIDE + n_lines * LINE + MARGIN
    size = across * (SIDE + MARGIN) + MARGIN, -(-len(tiles) // across) * height + MARGIN
    sheet = Image.new("RGB", size, drawing.WHITE)
    for place, tile in enumerate(tiles):
        x, y = MARGIN + place % across * (SIDE + MARGIN), MARGIN + place // across * height
        picture = _drawn(tile)
        sheet.paste(picture, (x + (SIDE - picture.width) // 2, y + (SIDE - picture.height) // 2))
        for line, text in enumerate(tile.lines, 1):
            drawing.draw_text(sheet, (x, y + SIDE + line * LINE), drawing.fitted(text, 15, SIDE), 15)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _drawn(tile: Tile) -> Image.Image:
    """As large as the sheet has room for, its pixels to be seen where it has few."""
    picture = tile.picture
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).convert("RGB")
    scale = SIDE / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image = image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)
    return image if tile.places is None else _heated(image, tile.places)


def _heated(image: Image.Image, places: np.ndarray) -> Image.Image:
    """`image` in grey, with what `places` marks in colour."""
    grey = np.asarray(image.convert("L").convert("RGB"), float)
    marks = Image.fromarray(places).resize(image.size, Image.Resampling.BILINEAR)
    share = np.asarray(marks, float)[..., None] / 255 * MOST_HEAT
    return Image.fromarray(np.round((1 - share) * grey + share * HEAT).astype(np.uint8))
