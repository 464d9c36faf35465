"""Fonts, colours and shapes of figures and film. Shapes are smooth: drawn large once, brought down, and kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict, Unpack

from PIL import Image, ImageDraw, ImageFont

from nas_core.report.words import printable

Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

INK: Colour = (27, 36, 48)
MUTED: Colour = (100, 112, 125)
FAINT: Colour = (213, 220, 227)
BACK: Colour = (240, 244, 247)
WHITE: Colour = (255, 255, 255)
SLATE: Colour = (120, 132, 146)
BLUE: Colour = (0, 114, 178)
FAILED: Colour = (213, 94, 0)
GOOD: Colour = (0, 122, 92)

# Okabe and Ito (2008): told apart by colour-blind readers too. Vermilion is kept for what failed.
KINDS: tuple[Colour, ...] = (
    (0, 114, 178),
    (0, 158, 115),
    (230, 159, 0),
    (204, 121, 167),
    (86, 180, 233),
    (140, 110, 60),
)
SMOOTH = 4


def colours_of(kinds: Sequence[str]) -> dict[str, Colour]:
    """A colour for each kind of layer, by its place in the vocabulary; the first (stop) is slate."""
    return {kind: KINDS[(place - 1) % len(KINDS)] if place else SLATE for place, kind in enumerate(kinds)}


@lru_cache(maxsize=128)
def font(size: int, *, bold: bool = False, wide: bool = False) -> Font:
    """A scalable font: Roboto, which Ray's dashboard brings along, else a system's DejaVu, else Pillow's own.

    Roboto is the Latin part only; a `wide` one begins with DejaVu, which has Greek, Cyrillic and more.
    """
    names = [_roboto("700" if bold else "400"), "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"]
    for name in reversed(names) if wide else names:
        try:
            return ImageFont.truetype(name, size, layout_engine=ImageFont.Layout.BASIC)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _roboto(weight: str) -> str:
    spec = find_spec("ray")
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = sorted(Path(place).glob(f"dashboard/client/build/static/media/roboto-latin-{weight}.*.woff"))
        if found:
            return str(found[0])
    return ""


@lru_cache(maxsize=4096)
def drawable(text: str) -> str:
    """`text` in characters that the font has: accents are dropped where they must be, the rest is a question mark."""
    return "".join(map(_drawable, printable(text)))


@lru_cache(maxsize=1024)
def _drawable(character: str) -> str:
    if character.isascii() or _has(character) or _has(character, wide=True):
        return character
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain or "?"


@lru_cache(maxsize=4096)
def _is_wide(text: str) -> bool:
    """Whether a line (of `drawable` characters) needs the font with more of them."""
    return not text.isascii() and not all(map(_has, text))


@lru_cache(maxsize=2048)
def _has(character: str, wide: bool = False) -> bool:
    face = font(20, wide=wide)
    return bytes(face.getmask(character)) != bytes(face.getmask("\uffff"))


def text_width(text: str, size: int, *, bold: bool = False) -> float:
    """Pixels that `text` takes."""
    shown = drawable(text)
    return font(size, bold=bold, wide=_is_wide(shown)).getlength(shown)


@lru_cache(maxsize=8192)
def fitted(text: str, size: int, width: int, bold: bool = False) -> str:
    """`text`, cut at its end so that it takes at most `width` pixels."""
    text = drawable(text)
    if text_width(text, size, bold=bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = text_width(text[:middle] + "…", size, bold=bold) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + "…"


def size_for(text: str, size: int, least: int, width: int, *, bold: bool = False) -> int:
    """The size, from `size` down to `least`, at which `text` takes at most `width` pixels."""
    return next((s for s in range(size, least, -1) if text_width(text, s, bold=bold) <= width), least)


class How(TypedDict, total=False):
    """How a text is set: `bold`, the `anchor` (Pillow's: ``ls`` is left on the baseline), the `width` it may take."""

    bold: bool
    anchor: str
    width: int


def draw_text(
    image: Image.Image, at: tuple[float, float], text: str, size: int, colour: Colour = INK, **how: Unpack[How]
) -> None:
    """Write one line with its anchor at `at`; it is cut when it would take more than `width`."""
    bold, width = how.get("bold", False), how.get("width")
    shown = fitted(text, size, width, bold) if width else drawable(text)
    face = font(size, bold=bold, wide=_is_wide(shown))
    ImageDraw.Draw(image).text(at, shown, fill=colour, font=face, anchor=how.get("anchor", "ls"))


@lru_cache(maxsize=512)
def _mask(width: int, height: int, radius: int) -> Image.Image:
    large = Image.new("L", (width * SMOOTH, height * SMOOTH), 0)
    ends = (0, 0, width * SMOOTH - 1, height * SMOOTH - 1)
    ImageDraw.Draw(large).rounded_rectangle(ends, min(radius, width / 2, height / 2) * SMOOTH, fill=255)
    return large.reduce(SMOOTH)


def rounded(image: Image.Image, box: Box, colour: Colour, radius: int = 8) -> None:
    """Fill a box (left, top, right, bottom; the last two outside) with round corners."""
    width, height = box[2] - box[0], box[3] - box[1]
    if width > 0 and height > 0:
        image.paste(colour, (box[0], box[1]), _mask(width, height, radius))


def card(image: Image.Image, box: Box) -> None:
    """A white sheet with a fine edge."""
    rounded(image, box, FAINT, 10)
    rounded(image, (box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1), WHITE, 9)


def dot(image: Image.Image, x: float, y: float, radius: int, colour: Colour) -> None:
    """A disc about (x, y)."""
    image.paste(colour, (round(x) - radius, round(y) - radius), _mask(2 * radius + 1, 2 * radius + 1, radius + 1))


@lru_cache(maxsize=8)
def _cross(radius: int) -> Image.Image:
    side = (2 * radius + 1) * SMOOTH
    large = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(large)
    for ends in ((SMOOTH, SMOOTH, side - SMOOTH, side - SMOOTH), (SMOOTH, side - SMOOTH, side - SMOOTH, SMOOTH)):
        draw.line(ends, fill=255, width=SMOOTH * 2)
    return large.reduce(SMOOTH)


def cross(image: Image.Image, x: float, y: float, radius: int, colour: Colour) -> None:
    """A diagonal cross about (x, y)."""
    image.paste(colour, (round(x) - radius, round(y) - radius), _cross(radius))


def blend(one: Colour, other: Colour, share: float) -> Colour:
    """`one` at share 0, `other` at share 1."""
    mixed = [round(a + (b - a) * share) for a, b in zip(one, other, strict=True)]
    return mixed[0], mixed[1], mixed[2]
