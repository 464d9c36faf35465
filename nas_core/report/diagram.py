"""A network as a picture: one block a layer, coloured by kind, as wide as the layer is, with what skips it.

What is drawn is a list of shapes; a picture (PIL) and an SVG are two ways to write them down. Nothing needs to be
installed for either.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from PIL import Image

from nas_core.report.drawing import (
    BACK,
    FAINT,
    INK,
    MUTED,
    SLATE,
    WHITE,
    Box,
    Colour,
    colours_of,
    draw_text,
    rounded,
)
from nas_core.report.facts import Facts
from nas_core.report.policy import steps_of
from nas_core.report.texts.film import film_texts
from nas_core.report.words import printable, shorten, whole
from nas_core.runs.records import write_text
from nas_core.space.steps import Add, Dropout, Keep, Matrix, Norm, Step


@dataclass(frozen=True)
class Block:
    """One layer: its words, its colour, its `width` (0 to 1), a note for its right side, and what it computes inside.

    `skips`: whether what enters the layer is added to what leaves it.
    """

    title: str
    colour: Colour
    width: float
    note: str = ""
    skips: bool = False
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Panel:
    """A box (left, top, right, bottom) with round corners."""

    box: Box
    colour: Colour
    radius: int = 7


@dataclass(frozen=True)
class Wire:
    """A line that runs level and upright through `points`."""

    points: tuple[tuple[int, int], ...]
    colour: Colour
    thickness: int = 3


@dataclass(frozen=True)
class Label:
    """One line of text; its `anchor` is the centre (``mm``), or the left (``lm``) or right (``rm``) end."""

    at: tuple[float, float]
    text: str
    size: int
    colour: Colour = INK
    bold: bool = False
    anchor: str = "mm"
    width: int = 400


Shape = Panel | Wire | Label


def width_of(units: float | None, largest: float) -> float:
    """How wide a layer is drawn: by the logarithm of its units, so that 16 and 256 both can be read."""
    if not units or units <= 0 or largest <= 1:
        return 0.62
    return 0.5 + 0.5 * min(1.0, math.log2(1 + units) / math.log2(1 + largest))


def draw_network(image: Image.Image, box: Box, blocks: Sequence[Block], ends: tuple[str, str], shown: float) -> None:
    """Draw input, `blocks` and output into `box`, from top to bottom.

    `shown` (0 to 1) is how much of the network has grown; the output stands only under a whole one.
    """
    paint(image, list(_column(box, blocks, ends, shown)))


def _column(box: Box, blocks: Sequence[Block], ends: tuple[str, str], shown: float) -> Iterator[Shape]:
    left, top, right, bottom = box
    n = len(blocks) + 2
    pitch = min((right - left) // 6, (bottom - top) // n)
    height = max(4, pitch - max(2, pitch // 5))
    y, middle = top + max(0, (bottom - top - pitch * n) // 2), (left + right) // 2
    yield from _end((left, y, right, y + height), ends[0])
    grown = shown * len(blocks)
    for place, block in enumerate(blocks):
        part = min(1.0, max(0.0, grown - place))
        at = y + pitch * (place + 1)
        if part > 0:
            yield Wire(((middle, at - (pitch - height)), (middle, at)), FAINT)
            yield from _block((left, at, right, at + height), block, part, (pitch - height) // 2)
    if shown >= 1:
        at = y + pitch * (n - 1)
        yield Wire(((middle, at - (pitch - height)), (middle, at)), FAINT)
        yield from _end((left, at, right, at + height), ends[1])


def _block(box: Box, block: Block, part: float, gap: int) -> Iterator[Shape]:
    left, top, right, bottom = box
    half = max(4, round((right - left) * block.width * (0.35 + 0.65 * part) / 2))
    centre, middle = (left + right) // 2, (top + bottom) / 2
    yield Panel((centre - half, top, centre + half, bottom), block.colour)
    if block.skips and part == 1:
        yield _arc(centre, centre + half + 12, top - gap, bottom + gap)
    size = min(17, round((bottom - top) * 0.55))
    if size >= 9 and part > 0.5:
        yield Label((centre, middle), block.title, size, WHITE, bold=True, width=2 * half - 12)
        yield Label((right + 14, middle), block.note, min(14, size), MUTED, anchor="lm")


def _arc(x: int, aside: int, top: int, bottom: int) -> Wire:
    """What skips a layer: from the wire above it, past it, to the wire below."""
    return Wire(((x, top), (aside, top), (aside, bottom), (x, bottom)), SLATE, 2)


def _end(box: Box, text: str) -> Iterator[Shape]:
    left, top, right, bottom = box
    quarter = (right - left) // 5
    yield Panel((left + quarter, top, right - quarter, bottom), FAINT)
    yield Panel((left + quarter + 1, top + 1, right - quarter - 1, bottom - 1), BACK, 6)
    size = min(14, round((bottom - top) * 0.5))
    if size >= 8:
        middle = ((left + right) / 2, (top + bottom) / 2)
        yield Label(middle, text, size, SLATE, width=right - left - 2 * quarter - 10)


# A diagram for people who look closely: shapes on the wires, and the steps inside of a layer that has several.

WIDTH, SIDE = 480, 24
ROW, GAP, STEP = 40, 30, 28


@dataclass(frozen=True)
class Diagram:
    """Shapes on a sheet of `width` × `height`."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


def winner_diagram(facts: Facts) -> Diagram:
    """The winner from a row of the table to the target, each wire with its shape."""
    layers, colours = facts.winner.layers, colours_of(facts.search.kinds)
    units = [math.prod(side or 1 for side in layer.output_shape) for layer in layers]
    blocks = []
    for layer, n in zip(layers, units, strict=True):
        inside = steps_of(layer.kind, layer.params, tuple(side or 1 for side in layer.output_shape))
        note = whole(layer.parameters, facts.language) if layer.parameters else ""
        blocks.append(
            Block(
                layer.title,
                colours.get(layer.kind, SLATE),
                width_of(n, max(units)),
                note,
                any(isinstance(step, Keep) for step in inside),
                tuple(filter(None, map(_step, inside))) if len(inside) > 1 else (),
            )
        )
    shapes = [
        " × ".join("?" if side is None else whole(side, facts.language) for side in layer.output_shape)
        for layer in layers
    ]
    texts = film_texts(facts.language)
    ends = texts["input"], shorten(printable(facts.target), 40)
    return lay_out(blocks, shapes, ends, texts["parameters_head"])


def _step(step: Step) -> str:
    match step:
        case Matrix(units=units, activation=activation):
            return f"dense {units}" + (f" {activation}" if activation != "linear" else "")
        case Norm(over=over):
            return f"norm over {over}"
        case Dropout(rate=rate):
            return f"dropout {rate:g}"
        case Keep() | Add():
            return ""


def lay_out(blocks: Sequence[Block], shapes: Sequence[str], ends: tuple[str, str], notes: str) -> Diagram:
    """The diagram of any network; `shapes` are those behind each block, `notes` says what stands on the right."""
    found: list[Shape] = []
    middle, y = WIDTH // 2 - 30, SIDE // 2
    found.append(Label((WIDTH - 8, y + ROW + 8), notes, 11, MUTED, anchor="rm", width=120))
    found += _end((middle - 150, y, middle + 150, y + ROW - 8), ends[0])
    y += ROW - 8
    for block, shape in zip(blocks, shapes, strict=True):
        found.append(Wire(((middle, y), (middle, y + GAP)), FAINT))
        y += GAP
        height = ROW if not block.inside else 34 + STEP * len(block.inside) + 6
        found += _large(block, middle, y, height)
        found.append(
            Label(
                (middle + 12 + 8 * block.skips, y + height + GAP / 2 + 4 * block.skips),
                shape,
                12,
                MUTED,
                anchor="lm",
                width=150,
            )
        )
        y += height
    found.append(Wire(((middle, y), (middle, y + GAP)), FAINT))
    found += _end((middle - 150, y + GAP, middle + 150, y + GAP + ROW - 8), ends[1])
    return Diagram(WIDTH, y + GAP + ROW - 8 + SIDE // 2, tuple(found))


def _large(block: Block, middle: int, y: int, height: int) -> Iterator[Shape]:
    half = round(150 * block.width)
    yield Panel((middle - half, y, middle + half, y + height), block.colour, 9)
    title = y + (ROW // 2 if not block.inside else 18)
    yield Label((middle, title), block.title, 15, WHITE, bold=True, width=2 * half - 12)
    for place, step in enumerate(block.inside):
        top = y + 34 + STEP * place
        yield Panel((middle - half + 14, top, middle + half - 14, top + STEP - 6), WHITE, 5)
        yield Label((middle, top + (STEP - 6) / 2), step, 12, BLACK, width=2 * half - 40)
    if block.skips:
        yield _arc(middle, middle + half + 14, y - 10, y + height + 10)
        yield Panel((middle - 8, y + height + 2, middle + 8, y + height + 18), SLATE, 8)
        yield Label((middle, y + height + 10), "+", 14, WHITE, bold=True)
    yield Label((WIDTH - 8, y + height / 2), block.note, 12, MUTED, anchor="rm", width=WIDTH - 16 - middle - half)


BLACK: Colour = (26, 36, 48)  # on white whatever the page's colours are


def paint(image: Image.Image, shapes: Sequence[Shape]) -> None:
    """Draw `shapes` into a picture."""
    for shape in shapes:
        match shape:
            case Panel(box, colour, radius):
                rounded(image, box, colour, radius)
            case Wire(points, colour, thickness):
                _lines(image, points, colour, thickness)
            case Label(at, text, size, colour, bold, anchor, width):
                draw_text(image, at, text, size, colour, bold=bold, anchor=anchor, width=width)


def _lines(image: Image.Image, points: Sequence[tuple[int, int]], colour: Colour, thickness: int) -> None:
    before, behind = thickness // 2, thickness - thickness // 2
    for (x0, y0), (x1, y1) in pairwise(points):
        image.paste(colour, (min(x0, x1) - before, min(y0, y1) - before, max(x0, x1) + behind, max(y0, y1) + behind))


SCALE = 2  # of the PNG


def to_png(diagram: Diagram) -> Image.Image:
    """The diagram as a picture on white, twice its size."""
    image = Image.new("RGB", (diagram.width * SCALE, diagram.height * SCALE), WHITE)
    paint(image, [_scaled(shape) for shape in diagram.shapes])
    return image


def _scaled(shape: Shape) -> Shape:
    match shape:
        case Panel((left, top, right, bottom), colour, radius):
            box = (left * SCALE, top * SCALE, right * SCALE, bottom * SCALE)
            return Panel(box, WHITE if colour == BACK else colour, radius * SCALE)
        case Wire(points, colour, thickness):
            return Wire(tuple((x * SCALE, y * SCALE) for x, y in points), colour, thickness * SCALE)
        case Label((x, y), text, size, colour, bold, anchor, width):
            return Label((x * SCALE, y * SCALE), text, size * SCALE, colour, bold, anchor, width * SCALE)


_DARK = ((INK, "#e8edf2"), (MUTED, "#9eabb8"), (FAINT, "#46525f"), (BACK, "#1b222b"), (SLATE, "#8d99a6"))
_ANCHORS = {"m": "middle", "l": "start", "r": "end"}


def to_svg(diagram: Diagram) -> str:
    """The diagram as an SVG that follows the reader's light or dark colours; no script, nothing from elsewhere."""
    dark = "".join(
        f'[fill="{_hex(ours)}"]{{fill:{theirs}}}[stroke="{_hex(ours)}"]{{stroke:{theirs}}}' for ours, theirs in _DARK
    )
    size = f'viewBox="0 0 {diagram.width} {diagram.height}" width="{diagram.width}" height="{diagram.height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, Roboto, Arial, sans-serif">'
        f"<style>@media (prefers-color-scheme: dark) {{{dark}}}</style>"
        + "".join(map(_element, diagram.shapes))
        + "</svg>\n"
    )


def _element(shape: Shape) -> str:
    match shape:
        case Panel((left, top, right, bottom), colour, radius):
            sides = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="{radius}"'
            return f'<rect {sides} fill="{_hex(colour)}"/>'
        case Wire(points, colour, thickness):
            path = " ".join(f"{x},{y}" for x, y in points)
            return f'<polyline points="{path}" fill="none" stroke="{_hex(colour)}" stroke-width="{thickness}"/>'
        case Label((x, y), text, size, colour, bold, anchor, width):
            weight = ' font-weight="700"' if bold else ""
            shown = escape(shorten(printable(text), max(2, round(1.8 * width / size))))
            place = f'x="{x:g}" y="{y + 0.35 * size:g}" font-size="{size}" text-anchor="{_ANCHORS[anchor[0]]}"'
            return f'<text {place} fill="{_hex(colour)}"{weight}>{shown}</text>'


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def write_diagram(facts: Facts, folder: Path) -> dict[str, Path]:
    """Write the winner's diagram as ``network.svg`` and ``network.png``; returns the path of the PNG as ``network``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "network.svg", winner_svg(facts))
    to_png(winner_diagram(facts)).save(folder / "network.png", optimize=True)
    return {"network": folder / "network.png"}


def winner_svg(facts: Facts) -> str:
    """The winner's diagram as an SVG."""
    return to_svg(winner_diagram(facts))
