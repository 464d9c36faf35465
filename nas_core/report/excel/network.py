"""Sheet *Network*: the winner, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import DataBarRule

from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts
from nas_core.report.winner import LayerFacts, WinnerFacts

COLUMNS = (  # text, style, width
    ("layer", "int", 9),
    ("kind", "strong", 20),
    ("settings", "wrapped", 34),
    ("output_shape", "text", 16),
    ("parameters", "int", 14),
    ("share", "percent", 14),
    ("operations_row", "int", 16),
    ("flops_share", "percent", 14),
    ("earned", "fixed", 14),
    ("worth", "fixed", 12),
    ("chance", "fixed", 12),
)
PICTURE_HEIGHT = 620  # pixels, at most


def add_sheet(book: Workbook, facts: Facts, pictures: Mapping[str, Path]) -> None:
    """Write the sheet; of `pictures`, ``network`` stands below the layers."""
    page = Page(book, "network", facts.language)
    layers = facts.winner.layers
    page.title(page.texts["winner_network"], _about(page, facts.winner))
    columns = [Column(page.texts[title], style, width) for title, style, width in COLUMNS]
    first, last = page.table(columns, (_row(page, place, layer) for place, layer in enumerate(layers, 1)))
    bar = DataBarRule(start_type="num", start_value=0, end_type="num", end_value=1, color="9CC8E3")
    for letter in "FH":
        page.sheet.conditional_formatting.add(f"{letter}{first}:{letter}{last}", bar)
    page.row = last + 1
    sums = {2: page.texts["in_all"], 5: facts.winner.parameters, 7: facts.winner.flops}
    for column, (_, style, _) in enumerate(COLUMNS, 1):
        page.put(sums.get(column), style, column=column)
    page.sheet.page_setup.fitToHeight = 1
    page.row += 2
    for name in ("earned", "worth"):
        if any(getattr(layer, name) is not None for layer in layers):
            page.paragraph(page.texts[f"{name}_lead"], wide=len(COLUMNS), characters=150)
    if "network" in pictures:
        _picture(page, pictures["network"])


def _about(page: Page, winner: WinnerFacts) -> str:
    parts = [page.say("network_lead", fingerprint=winner.fingerprint)]
    if winner.number is not None:
        parts.append(page.say("network_is_number", n=winner.number + 1))
    if winner.n_copies > 1:
        parts.append(page.say("network_copies", n=winner.n_copies))
    if winner.others:
        parts.append(page.say("network_others", others=", ".join(winner.others)))
    return "".join(parts)


def _picture(page: Page, path: Path) -> None:
    image = Image(path)
    scale = min(1.0, PICTURE_HEIGHT / image.height)
    image.width, image.height = image.width * scale, image.height * scale
    page.sheet.add_image(image, f"B{page.row + 1}")


def _row(page: Page, place: int, layer: LayerFacts) -> list[object]:
    settings = ", ".join(f"{name} {value}" for name, value in layer.params.items())
    shape = " × ".join(page.texts["any_side"] if side is None else page.whole(side) for side in layer.output_shape)
    size = [layer.parameters, layer.share, layer.flops, layer.flops_share]
    return [place, layer.kind, settings, shape, *size, layer.earned, layer.worth, layer.worth_std]
