"""A network as stacked blocks: one a layer, coloured by kind, as wide as the layer is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from nas_core.report.drawing import (
    BACK,
    FAINT,
    MUTED,
    SLATE,
    WHITE,
    Box,
    Colour,
    draw_text,
    rounded,
)


@dataclass(frozen=True)
class Block:
    """One layer: its words, its colour, its `width` (0 to 1) and a note for its right side."""

    title: str
    colour: Colour
    width: float
    note: str = ""


def width_of(units: float | None, largest: float) -> float:
    """How wide a layer is drawn: by the logarithm of its units, so that 16 and 256 both can be read."""
    if not units or units <= 0 or largest <= 1:
        return 0.62
    return 0.5 + 0.5 * min(1.0, math.log2(1 + units) / math.log2(1 + largest))


def draw_network(image: Image.Image, box: Box, blocks: Sequence[Block], ends: tuple[str, str], shown: float) -> None:
    """Draw input, `blocks` and output into `box`, from top to bottom.

    `shown` (0 to 1) is how much of the network has grown; the output stands only under a whole one.
    """
    left, top, right, bottom = box
    n = len(blocks) + 2
    pitch = min((right - left) // 6, (bottom - top) // n)
    height = max(4, pitch - max(2, pitch // 5))
    y = top + max(0, (bottom - top - pitch * n) // 2)
    _end(image, (left, y, right, y + height), ends[0])
    grown = shown * len(blocks)
    for place, block in enumerate(blocks):
        part = min(1.0, max(0.0, grown - place))
        at = y + pitch * (place + 1)
        if part > 0:
            _wire(image, (left + right) // 2, at - (pitch - height), at)
            _block(image, (left, at, right, at + height), block, part)
    if shown >= 1:
        at = y + pitch * (n - 1)
        _wire(image, (left + right) // 2, at - (pitch - height), at)
        _end(image, (left, at, right, at + height), ends[1])


def _block(image: Image.Image, box: Box, block: Block, part: float) -> None:
    left, top, right, bottom = box
    half = max(4, round((right - left) * block.width * (0.35 + 0.65 * part) / 2))
    centre = (left + right) // 2
    rounded(image, (centre - half, top, centre + half, bottom), block.colour, 7)
    size = min(17, round((bottom - top) * 0.55))
    if size >= 9 and part > 0.5:
        middle = (top + bottom) / 2
        draw_text(image, (centre, middle), block.title, size, WHITE, bold=True, anchor="mm", width=2 * half - 12)
        draw_text(image, (right + 14, middle), block.note, min(14, size), MUTED, anchor="lm")


def _end(image: Image.Image, box: Box, text: str) -> None:
    left, top, right, bottom = box
    quarter = (right - left) // 5
    rounded(image, (left + quarter, top, right - quarter, bottom), FAINT, 7)
    rounded(image, (left + quarter + 1, top + 1, right - quarter - 1, bottom - 1), BACK, 6)
    size = min(14, round((bottom - top) * 0.5))
    if size >= 8:
        middle = ((left + right) / 2, (top + bottom) / 2)
        draw_text(image, middle, text, size, SLATE, anchor="mm", width=right - left - 2 * quarter - 10)


def _wire(image: Image.Image, x: int, top: int, bottom: int) -> None:
    image.paste(FAINT, (x - 1, top, x + 2, bottom))
