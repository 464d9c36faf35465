"""Colours, fonts and cell styles of the workbook, in one place."""

from __future__ import annotations

from typing import TypedDict, Unpack

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side

FONT = "Arial"  # on every machine, or with a twin of the same widths
INK, MUTED, LINE, PANEL, BLUE = "1B2430", "64707D", "D5DCE3", "F1F5F8", "0B5C8E"
YELLOW = "FFF3BF"  # cells to change
GOOD, BAD, PALE_GOOD, PALE_BAD = "00664D", "A84300", "E3F3EE", "FBEBDD"
OUTCOMES = {"better": "good", "equal": "plain", "unproven": "plain", "worse": "bad"}


def add_styles(book: Workbook) -> None:
    """Register the named styles that pages use: one look, and a small file however many cells there are."""
    book._named_styles["Normal"].font = Font(name=FONT, size=10)  # widths of columns count its digits
    for style in _styles():
        book.add_named_style(style)


def _styles() -> list[NamedStyle]:
    rule = Border(bottom=Side("thin", color=LINE))
    return [
        _style("title", size=20, bold=True),
        _style("subtitle", color=MUTED),
        _style("heading", size=13, bold=True, color=BLUE),
        _style("header", bold=True, color="FFFFFF", fill=BLUE, wrap=True, vertical="center"),
        _style("header right", bold=True, color="FFFFFF", fill=BLUE, wrap=True, vertical="center", across="right"),
        _style("text", border=rule),
        _style("spark", border=rule, size=9, color=BLUE),
        _style("wrapped", border=rule, wrap=True),
        _style("strong", border=rule, bold=True),
        _style("number", border=rule, form="0.0000", across="right"),
        _style("fixed", border=rule, form="0.0000", across="right"),
        _style("int", border=rule, form="#,##0", across="right"),
        _style("percent", border=rule, form="0.0%", across="right"),
        _style("seconds", border=rule, form="#,##0.00", across="right"),
        _style("input", border=rule, form="General", across="right", bold=True, fill=YELLOW),
        _style("code", border=rule, wrap=True, font="Consolas", size=9),
        _style("name", border=rule, color=MUTED),
        _style("paragraph", wrap=True),
        _style("card label", color=MUTED, fill=PANEL, across="left", vertical="bottom"),
        _style("card value", size=22, bold=True, color=BLUE, fill=PANEL, across="left", vertical="center"),
        _style("card note", size=9, color=MUTED, fill=PANEL, across="left", wrap=True),
        _style("band good", size=13, bold=True, color=GOOD, fill=PALE_GOOD, wrap=True, vertical="center"),
        _style("band plain", size=13, bold=True, color=INK, fill=PANEL, wrap=True, vertical="center"),
        _style("band bad", size=13, bold=True, color=BAD, fill=PALE_BAD, wrap=True, vertical="center"),
        _style("good", border=rule, bold=True, color=GOOD),
        _style("plain", border=rule, bold=True),
        _style("bad", border=rule, bold=True, color=BAD),
    ]


class Look(TypedDict, total=False):
    """What differs from plain text: see `_style` for the defaults."""

    font: str
    size: int
    bold: bool
    color: str
    fill: str
    border: Border
    form: str
    wrap: bool
    across: str
    vertical: str


def _style(name: str, **look: Unpack[Look]) -> NamedStyle:
    fill, border = look.get("fill"), look.get("border")
    style = NamedStyle(f"nas {name}", number_format=look.get("form", "General"))
    style.font = Font(
        name=look.get("font", FONT),
        size=look.get("size", 10),
        bold=look.get("bold", False),
        color=look.get("color", INK),
    )
    style.alignment = Alignment(
        horizontal=look.get("across", "left"),
        vertical=look.get("vertical", "top"),
        wrap_text=look.get("wrap", False),
        indent=1 if fill or border else 0,
    )
    if fill:
        style.fill = PatternFill("solid", fgColor=fill)
    if border:
        style.border = border
    return style


def figure_format(value: float | None) -> str:
    """The number format that shows a figure with about four digits."""
    size = abs(value or 0.0)
    if size >= 1000 or size == int(size):
        return "#,##0"
    if size >= 10:
        return "0.00"
    return "0.0000" if size >= 1e-3 else "0.00E+00"
