"""The pictures on which the network was most wrong, side by side on one sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from nas_core.report import drawing
from nas_core.report.facts import Facts
from nas_core.report.words import number
from nas_core.runs import layout
from nas_core.runs.run import Run

SHEET = "mistakes.png"
ACROSS = 5  # pictures
SIDE, MARGIN, LINE = 160, 16, 20  # pixels


def write_contact_sheet(run: Run, facts: Facts, folder: Path) -> dict[str, Path]:
    """Draw ``mistakes.png`` below `folder`; nothing where rows are no pictures, may not be shown, or are all right.

    Returns:
        The sheet by the name ``mistakes``.
    """
    pictures, mistakes = _test_pictures(run), facts.test.mistakes
    if pictures is None or mistakes is None or not mistakes.rows:
        return {}
    n_lines = -(-len(mistakes.rows) // ACROSS)
    height = SIDE + 2 * LINE + MARGIN
    sheet = Image.new("RGB", (ACROSS * (SIDE + MARGIN) + MARGIN, n_lines * height + MARGIN), drawing.WHITE)
    for place, (row, truth, prediction, *_) in enumerate(mistakes.rows):
        x, y = MARGIN + place % ACROSS * (SIDE + MARGIN), MARGIN + place // ACROSS * height
        tile = _tile(np.asarray(pictures[row]))
        sheet.paste(tile, (x + (SIDE - tile.width) // 2, y + (SIDE - tile.height) // 2))
        for line, (word, said) in enumerate((("is", truth), ("not", prediction))):
            text = drawing.fitted(f"{word} {_said(said)}", 15, SIDE)
            drawing.draw_text(sheet, (x, y + SIDE + (line + 1) * LINE), text, 15)
    folder.mkdir(parents=True, exist_ok=True)
    sheet.save(folder / SHEET)
    return {"mistakes": folder / SHEET}


def _test_pictures(run: Run) -> np.ndarray | None:
    """The prepared test pictures, memory-mapped; None where the rows are something else."""
    arrays = (np.load(path, mmap_mode="r") for path in sorted(run.path(layout.ARRAYS).glob("test_*.npy")))
    return next((array for array in arrays if array.ndim == 4 and array.dtype == np.uint8), None)


def _tile(picture: np.ndarray) -> Image.Image:
    """A picture as large as the sheet has room for, its pixels to be seen where it has few."""
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).convert("RGB")
    scale = SIDE / max(image.size)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX)


def _said(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)
