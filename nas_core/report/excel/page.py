"""One sheet, written from top to bottom. Every text that enters the workbook passes through here, as text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter

from nas_core.report.excel.style import figure_format
from nas_core.report.texts.workbook import workbook_texts
from nas_core.report.words import whole

MAX_TEXT = 32_767  # of one cell, in units of UTF-16
MAX_NAME = 31  # of a sheet
MAX_LINES = 12  # of a row
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Column:
    """A column of a table: its `title`, the `style` of its cells and its `width` in characters."""

    title: str
    style: str = "text"
    width: float | None = None

    @property
    def is_wrapped(self) -> bool:
        """Whether its texts may take several lines."""
        return self.style == "wrapped"


class Page:
    """A sheet with a cursor (`row`), in a language. Columns count from 1."""

    ROW_HEIGHT = 13.5  # points, where no row says otherwise

    def __init__(self, book: Workbook, name: str, language: str = "en", widths: Sequence[float] = ()) -> None:
        self.language, self.texts = language, workbook_texts(language)
        self.sheet = book.create_sheet(sheet_name(self.texts[f"sheet_{name}"]))
        self.row = 1
        self.set_widths(widths)
        self._set_up_print()

    def _set_up_print(self) -> None:
        sheet = self.sheet
        sheet.sheet_view.showGridLines = False
        sheet.sheet_format.defaultRowHeight = self.ROW_HEIGHT
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.print_options.horizontalCentered = True
        sheet.page_margins.left = sheet.page_margins.right = 0.4
        sheet.page_margins.top = sheet.page_margins.bottom = 0.5
        sheet.oddFooter.left.text = "&A"
        sheet.oddFooter.right.text = "&P / &N"

    def set_widths(self, widths: Sequence[float], first: int = 1) -> None:
        """Set the width of columns from `first` on, in characters."""
        for column, width in enumerate(widths, first):
            self.sheet.column_dimensions[get_column_letter(column)].width = width

    def say(self, key: str, **values: Any) -> str:
        """The text `key` with its places filled in; whole numbers as the language writes them."""
        said = {name: self.whole(value) if isinstance(value, int) else value for name, value in values.items()}
        return self.texts[key].format(**said)

    def whole(self, n: int) -> str:
        """``2,000``."""
        return whole(n, self.language)

    def put(self, value: Any, style: str = "text", *, row: int | None = None, column: int = 1, wide: int = 1) -> Cell:
        """Write one cell at `row` (None: the cursor's), merged over `wide` columns."""
        row = row or self.row
        cell = write(self.sheet.cell(row, column), value, style)
        if wide > 1:
            for other in range(column + 1, column + wide):
                self.sheet.cell(row, other).style = f"nas {style}"
            self.sheet.merge_cells(start_row=row, end_row=row, start_column=column, end_column=column + wide - 1)
        return cell

    def formula(self, formula: str, style: str, *, row: int, column: int) -> Cell:
        """Write a formula (without its =) that the project made, of addresses and numbers: no text of others."""
        cell = self.sheet.cell(row, column)
        cell.style = f"nas {style}"
        cell.value = f"={formula}"
        return cell

    def title(self, text: str, subtitle: str) -> None:
        """The sheet's first two lines."""
        self.put(text, "title")
        self.sheet.row_dimensions[self.row].height = 30
        self.row += 1
        self.put(subtitle, "subtitle")
        self.row += 2

    def heading(self, text: str, column: int = 1) -> None:
        """A heading above what follows."""
        self.put(text, "heading", column=column)
        self.sheet.row_dimensions[self.row].height = 21
        self.row += 1

    def paragraph(self, text: str, *, column: int = 1, wide: int = 8, characters: int = 100) -> None:
        """A text over several columns that together hold about `characters` in a line."""
        self.put(text, "paragraph", column=column, wide=wide)
        self.sheet.row_dimensions[self.row].height = 14 * lines_of(text, characters) + 2
        self.row += 1

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[Any]], column: int = 1) -> tuple[int, int]:
        """Write a header and rows below it; return the first and the last row of the cells.

        A table without rows says so. The cursor ends one line below the table.
        """
        for place, about in enumerate(columns, column):
            is_right = about.style in ("number", "fixed", "int", "percent", "seconds")
            self.put(about.title, "header right" if is_right else "header", column=place)
            if about.width:
                self.sheet.column_dimensions[get_column_letter(place)].width = about.width
        n_lines = max(lines_of(about.title, max(6, round((about.width or 24) - 2))) for about in columns)
        self.sheet.row_dimensions[self.row].height = 7 + 13.5 * n_lines
        first = self.row + 1
        styles = [about.style for about in columns]
        for row in rows:
            self.row += 1
            for place, (value, style) in enumerate(zip(row, styles, strict=True), column):
                write(self.sheet.cell(self.row, place), value, style)
            self._fit(row, columns)
        if self.row < first:
            self.row += 1
            self.put(self.texts["none"], "name", column=column)
        last = self.row
        self.row += 2
        return first, last

    def _fit(self, row: Sequence[Any], columns: Sequence[Column]) -> None:
        """Make the row as high as its wrapped texts want, within reason."""
        texts = [(str(value), about.width or 20) for value, about in zip(row, columns, strict=True) if about.is_wrapped]
        n_lines = max((lines_of(text, max(4, round(1.1 * width))) for text, width in texts), default=1)
        if n_lines > 1:
            self.sheet.row_dimensions[self.row].height = self.ROW_HEIGHT * min(n_lines, MAX_LINES)

    def pairs(self, pairs: Iterable[tuple[str, Any]], *, style: str = "text", column: int = 1, wide: int = 1) -> None:
        """Names with a value beside each."""
        for name, value in pairs:
            self.put(name, "name", column=column)
            self.put(value, style, column=column + 1, wide=wide)
            self.row += 1
        self.row += 1

    def repeat_header(self, row: int) -> None:
        """Print `row` on top of every page."""
        self.sheet.print_title_rows = f"{row}:{row}"


def write(cell: Cell, value: Any, style: str) -> Cell:
    """Put `value` into `cell`: numbers as numbers, everything else as text that no spreadsheet will run."""
    cell.style = f"nas {style}"
    if value is None or isinstance(value, bool | int | float):
        cell.value = value if value is None or math.isfinite(value) else None
        if style == "number":
            cell.number_format = figure_format(value)
        return cell
    text = clean(value)
    cell.value = text
    if text.startswith(_FORMULA):
        cell.data_type = "s"
        cell.quotePrefix = True  # it stays text when somebody edits the cell
    return cell


def clean(value: object) -> str:
    """`value` as a text that a cell may hold: no illegal characters, nothing read as an escape, not too long."""
    text = _ESCAPE.sub("_x005F_", _ILLEGAL.sub("", str(value)))
    if len(text) * 2 <= MAX_TEXT:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_TEXT:
        return text
    return units[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", errors="ignore") + "…"


def sheet_name(name: str) -> str:
    """`name` as a sheet may be called."""
    return re.sub(r"[\[\]:*?/\\]", " ", clean(name))[:MAX_NAME].strip("' ") or "Sheet"


def lines_of(text: str, characters: int) -> int:
    """How many lines `text` takes where `characters` fit into one."""
    return sum(max(1, math.ceil(len(line) / characters)) for line in text.splitlines()) or 1
