"""Sheet *Export*: what was exported, how large and quick it is, and whether it agrees with the trained network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook

from nas_core.report import words
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "export", facts.language)
    texts = page.texts
    page.title(page.sheet.title, texts["export_lead"])
    page.heading(texts["agreement"])
    agreement = facts.export.agreement
    if isinstance(agreement, dict) and agreement and all(isinstance(about, dict) for about in agreement.values()):
        _formats(page, agreement)
    else:
        page.pairs(flatten(agreement), style="number")
    page.heading(texts["files"])
    columns = [Column(texts["export_file"], "strong", 34), Column(texts["size"], "text", 16)]
    columns.append(Column(texts["bytes"], "int", 16))
    files = ([path, words.size(f["bytes"], facts.language), f["bytes"]] for path, f in facts.export.files.items())
    page.table(columns, files)


def _formats(page: Page, agreement: dict[str, dict[str, Any]]) -> None:
    """A row a format, a column a fact. A format that failed has nothing but its error."""
    keys = list(dict.fromkeys(key for about in agreement.values() for key in about))
    columns = [Column(page.texts["format"], "strong", 34), *(_column(page, agreement, key) for key in keys)]
    page.table(columns, ([name, *(about.get(key) for key in keys)] for name, about in agreement.items()))


def _column(page: Page, agreement: dict[str, dict[str, Any]], key: str) -> Column:
    style = _style(agreement, key)
    title = page.texts.get(f"about_{key}", key.replace("_", " ").capitalize())
    return Column(title, style, 46 if style == "wrapped" else 16)


def _style(agreement: dict[str, dict[str, Any]], key: str) -> str:
    values = [about[key] for about in agreement.values() if key in about]
    if all(isinstance(value, int) for value in values):
        return "int"
    return "number" if all(isinstance(value, int | float) for value in values) else "wrapped"


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
