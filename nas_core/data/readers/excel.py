"""Spreadsheets (``.xlsx``, ``.xls``), read with calamine."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from nas_core.data.archive import DAMAGE, inflated, members_of
from nas_core.data.limits import Limits, limits
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.numerals import find_numerals
from nas_core.data.readers.reader import check_cells, check_names
from nas_core.data.readers.sniff import has_header
from nas_core.errors import JobError

ROWS_PER_BATCH = 8_192
SAMPLED = 200
SHEET = re.compile(rb'<(?:\w+:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
OVERLAP = 1 << 10


def is_spreadsheet(path: Path) -> bool:
    """Whether the zip file at `path` is an ``.xlsx``. JobError for the spreadsheets that are not read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lower() for name in archive.namelist()}
    except DAMAGE:
        return False
    if "xl/workbook.bin" in names or ("content.xml" in names and "mimetype" in names):
        raise JobError("must be a table in a format that is read, but is an .xlsb or .ods workbook: save it as .xlsx.")
    if "word/document.xml" in names or "ppt/presentation.xml" in names:
        raise JobError("must be a table, but is a document of an office program: save the table as .xlsx or CSV.")
    return "xl/workbook.xml" in names


class ExcelReader:
    """Yields every cell as text, as CSV does; the sheet is held in memory.

    It reads the sheet asked for, else the first visible one that has rows. The table begins with the first row that
    fills most of its columns; what stands above is left out.
    """

    def __init__(self, path: Path, asked: Dialect) -> None:
        self.path = path
        self.n_bad_rows = 0
        self.notes: list[str] = []
        self._check_size()
        name, rows = self._sheet(asked)
        rows = [row for row in rows if any(cell is not None for cell in row)]
        if not rows:
            raise JobError(f"must hold a table, but the sheet {name!r} is empty.")
        skip = asked.skip_rows if asked.skip_rows is not None else _title_rows(rows)
        rows = rows[skip:]
        sample = [[cell or "" for cell in row] for row in rows[:SAMPLED]]
        header = asked.header if asked.header is not None else has_header(sample)
        first = rows[0] if header else [f"column {number}" for number in range(1, len(rows[0]) + 1)]
        self._rows = rows[1:] if header else rows
        self.names = check_names([cell or "" for cell in first])
        cells = {name: [row[place] for row in sample[int(header) :]] for place, name in enumerate(self.names)}
        self._numerals = find_numerals(cells, asked.decimal, asked.thousands, comma_separates=True)
        found = Dialect(format="excel", sheet=name, header=header, skip_rows=skip)
        if self._numerals:
            found = dataclasses.replace(found, decimal=self._numerals.decimal, thousands=self._numerals.thousands)
        self.dialect = found.to_json()
        if skip:
            self.notes.append(f"Above the table in the sheet {name!r} stand {skip} other rows, which are left out.")
        if not header:
            self.notes.append("The first row holds no names; the columns are called 'column 1', 'column 2', …")

    def pieces(self) -> list[ExcelReader]:
        """One, the whole file."""
        return [self]

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of up to 8,192 rows of strings."""
        wanted = self.names if columns is None else columns
        places = [self.names.index(name) for name in wanted]
        rows = iter(self._rows)
        while block := list(islice(rows, ROWS_PER_BATCH)):
            cells = [pa.array([row[place] for row in block], pa.string()) for place in places]
            batch = check_cells(pa.record_batch(cells, names=wanted))
            yield self._numerals.normal(batch) if self._numerals else batch

    def _check_size(self) -> None:
        """Refuse a workbook that would fill the memory: calamine allocates every cell up to the last one."""
        limit = limits()
        with self.path.open("rb") as file:
            if file.read(2) != b"PK":  # .xls has at most 65,536 rows of 256 columns
                return
        try:
            with zipfile.ZipFile(self.path) as archive:
                for member in members_of(archive, limit):
                    _check_member(archive, member, limit)
        except JobError:
            raise
        except DAMAGE as error:
            raise JobError(f"must be a whole Excel workbook, but unpacking it failed: {error}.") from None

    def _sheet(self, asked: Dialect) -> tuple[str, list[list[str | None]]]:
        """The name of the sheet, and its rows as texts."""
        found = _read_apart(self.path, asked.sheet)
        names, name = found["sheets"], found["name"]
        if name is None:
            raise JobError(f"needs a `sheet` of the workbook, one of {names[:20]}, but got {asked.sheet!r}.")
        if asked.sheet is None and len(names) > 1:
            self.notes.append(f"The sheet {name!r} of {names[:20]} is read; `sheet` chooses another.")
        return name, found["rows"]


def _read_apart(path: Path, sheet: str | None) -> dict[str, Any]:
    """What the child of :mod:`nas_core.data.readers.workbook` found."""
    with tempfile.TemporaryDirectory(prefix="nas-workbook-") as folder:
        target = Path(folder) / "sheet.json"
        command = [sys.executable, "-m", "nas_core.data.readers.workbook", str(path), str(target)]
        command += [] if sheet is None else [sheet]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=limits().fetch_seconds)
        except subprocess.TimeoutExpired:
            raise JobError("must be a workbook that is read in time (`NAS_FETCH_SECONDS`), but is not.") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            reason = said[-1][:200] if done.returncode > 0 and said else "it asks for too much memory"
            raise JobError(f"must be a whole Excel workbook, but reading it failed: {reason}")
        found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return found


def _title_rows(rows: list[list[str | None]]) -> int:
    """Rows above the table: the first row with two thirds of the cells of the fullest begins it."""
    filled = [sum(cell is not None for cell in row) for row in rows[:20]]
    return next(n for n, count in enumerate(filled) if count >= max(filled) * 2 / 3)


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: Limits) -> None:
    last_row, last_column, before = 1, 1, b""
    for chunk in inflated(archive, member, limit):
        if not member.filename.startswith("xl/worksheets/"):
            continue
        for column, row in SHEET.findall(before + chunk):
            last_row, last_column = max(last_row, int(row)), max(last_column, _number(column))
        if last_row * last_column > limit.max_sheet_cells:
            size = f"{last_row:,} rows of {last_column:,} columns"
            raise JobError(
                f"must have at most {limit.max_sheet_cells:,} cells a sheet (`NAS_MAX_SHEET_CELLS`), but has {size}: "
                "delete what stands far below or beside the table, or save it as CSV."
            )
        before = chunk[-OVERLAP:]


def _number(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
