"""Sheet *Network*: the winner, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from openpyxl import Workbook
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import DataBarRule

from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts
from nas_core.report.winner import LayerFacts

COLUMNS = (
    Column("Layer", "int", 9),
    Column("Kind", "strong", 20),
    Column("Settings", "wrapped", 46),
    Column("Output shape", "text", 18),
    Column("Parameters", "int", 14),
    Column("Share", "percent", 18),
    Column("Operations a row", "int", 18),
    Column("Earned in the search", "number", 14),
)
PICTURE_HEIGHT = 620  # pixels, at most


def add_sheet(book: Workbook, facts: Facts, pictures: Mapping[str, Path]) -> None:
    """Write the sheet; of `pictures`, ``network`` stands below the layers."""
    page = Page(book, "Network")
    winner = facts.winner
    found = "" if winner.number is None else f"; candidate number {winner.number:,}"
    copies = f"; the model is the mean of {winner.n_copies} such networks, each trained without other rows"
    page.title(
        "The network",
        f"From the input (top) to the output (bottom); fingerprint {winner.fingerprint}{found}"
        + (copies if winner.n_copies > 1 else "")
        + (f"; the model is the mean of it and of: {', '.join(winner.others)}" if winner.others else ""),
    )
    first, last = page.table(COLUMNS, (_row(place, layer) for place, layer in enumerate(winner.layers, 1)))
    bar = DataBarRule(start_type="num", start_value=0, end_type="num", end_value=1, color="9CC8E3")
    page.sheet.conditional_formatting.add(f"F{first}:F{last}", bar)
    page.row = last + 1
    for column, (value, style) in enumerate(
        [
            (None, "text"),
            ("in all", "strong"),
            (None, "text"),
            (None, "text"),
            (winner.parameters, "int"),
            (None, "text"),
        ],
        1,
    ):
        page.put(value, style, column=column)
    page.put(winner.flops, "int", column=7)
    page.sheet.page_setup.fitToHeight = 1
    page.row += 2
    if any(layer.earned is not None for layer in winner.layers):
        page.paragraph(
            "Earned: what the agent was paid for adding the layer, the change of the score less the price of its size."
        )
    if "network" in pictures:
        _picture(page, pictures["network"])


def _picture(page: Page, path: Path) -> None:
    image = Image(path)
    scale = min(1.0, PICTURE_HEIGHT / image.height)
    image.width, image.height = image.width * scale, image.height * scale
    page.sheet.add_image(image, f"B{page.row + 1}")


def _row(place: int, layer: LayerFacts) -> list[object]:
    settings = ", ".join(f"{name} {value}" for name, value in layer.params.items())
    shape = " × ".join("any" if side is None else f"{side:,}" for side in layer.output_shape)
    return [place, layer.kind, settings, shape, layer.parameters, layer.share, layer.flops, layer.earned]
