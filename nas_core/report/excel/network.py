"""Sheet *Network*: the winner, layer by layer."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.formatting.rule import DataBarRule

from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts, LayerFacts

COLUMNS = (
    Column("Layer", "int", 9),
    Column("Kind", "strong", 20),
    Column("Settings", "wrapped", 46),
    Column("Output shape", "text", 18),
    Column("Parameters", "int", 14),
    Column("Share", "percent", 18),
    Column("Operations a row", "int", 18),
)


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "Network")
    winner = facts.winner
    found = "" if winner.number is None else f"; candidate number {winner.number:,}"
    copies = f"; the model is the mean of {winner.n_copies} such networks, each trained without other rows"
    page.title(
        "The network",
        f"From the input (top) to the output (bottom); fingerprint {winner.fingerprint}{found}"
        + (copies if winner.n_copies > 1 else ""),
    )
    header = page.row
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
    page.repeat_header(header)


def _row(place: int, layer: LayerFacts) -> list[object]:
    settings = ", ".join(f"{name} {value}" for name, value in layer.params.items())
    shape = " × ".join("any" if side is None else f"{side:,}" for side in layer.output_shape)
    return [place, layer.kind, settings, shape, layer.parameters, layer.share, layer.flops]
