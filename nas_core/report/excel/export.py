"""Sheet *Export*: what was exported, how large and quick it is, and whether it agrees with the trained network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook

from nas_core.report import words
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts

COLUMNS = (
    Column("File (below export/)", "strong", 34),
    Column("Size", "text", 14),
    Column("Bytes", "int", 14),
    Column("sha256", "code", 72),
)


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "Export")
    page.title("Export", "Each exported model was run and compared with the trained network before it counted.")
    files = facts.export.files.items()
    page.table(COLUMNS, ([path, words.size(f["bytes"]), f["bytes"], f["sha256"]] for path, f in files))
    page.heading("Agreement and speed")
    _agreement(page, facts)


def _agreement(page: Page, facts: Facts) -> None:
    for name, value in flatten(facts.export.agreement):
        page.put(name.replace("_", " "), "name")
        page.put(value, "number" if isinstance(value, float) else "text", column=2, wide=2)
        page.row += 1


def flatten(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a JSON value with the path to each."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, f"{name} › {key}" if name else str(key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from flatten(item, f"{name} › {place}" if name else str(place))
    else:
        yield name, value
