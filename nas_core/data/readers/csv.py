"""Text files with separated values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from nas_core.data.limits import limits
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.encoding import find_encoding
from nas_core.data.readers.numerals import find_numerals
from nas_core.data.readers.reader import check_cells, check_names
from nas_core.data.readers.sniff import sniff
from nas_core.errors import JobError

BLOCK_BYTES = 1 << 20  # Arrow reads some 30 blocks ahead
RELEASED_AFTER = 8  # blocks: what Arrow keeps of those before would grow to as much again
SNIFFED_BYTES = 1 << 18


class CsvReader:
    """Yields blocks of 1 MB, every cell a string: types are inferred over the whole column, not its first rows.

    What `asked` leaves open is found from the content. Numbers come as 1234.5, however the file writes them. Rows with
    too few or too many cells are left out and counted in `n_bad_rows`.
    """

    def __init__(self, path: Path, asked: Dialect) -> None:
        self.path = path
        self.n_bad_rows = 0
        self.notes: list[str] = []
        self._block_bytes = max(BLOCK_BYTES, 2 * limits().max_cell)
        encoding = _known(asked.encoding) if asked.encoding else find_encoding(path)
        text, is_whole = self._start(encoding)
        sample = sniff(text, asked, is_whole=is_whole)
        self._written = dataclasses.replace(sample.dialect, encoding=encoding)
        self.names = check_names(sample.names)
        self._numerals = find_numerals(
            {name: [row[place] for row in sample.rows if place < len(row)] for place, name in enumerate(self.names)},
            asked.decimal,
            asked.thousands,
            comma_separates=sample.dialect.delimiter == ",",
        )
        numerals = self._numerals
        marks = {"decimal": numerals.decimal, "thousands": numerals.thousands} if numerals else {"decimal": "."}
        self.dialect: dict[str, Any] = self._written.to_json() | marks
        self._note()

    def _note(self) -> None:
        if self._written.skip_rows:
            self.notes.append(f"Above the table stand {self._written.skip_rows} other lines, which are left out.")
        if not self._written.header:
            self.notes.append("The first line holds no names; the columns are called 'column 1', 'column 2', …")

    def pieces(self) -> list[CsvReader]:
        """One: rows are found by reading all that stand before."""
        return [self]

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield record batches of strings; a file that ends in the middle of a quoted cell ends there."""
        self.n_bad_rows = 0
        wanted = self.names if columns is None else columns
        places = {name: str(place) for place, name in enumerate(self.names)}
        options = pacsv.ConvertOptions(
            column_types=dict.fromkeys(places.values(), pa.string()),
            include_columns=[places[name] for name in wanted],
            strings_can_be_null=False,
        )
        last = None
        with pa.OSFile(str(self.path)) as file:
            try:
                for n, batch in enumerate(self._open(file, list(places.values()), options)):
                    if n % RELEASED_AFTER == 0:
                        pa.default_memory_pool().release_unused()
                    named = batch.rename_columns(wanted)
                    check_cells(named)
                    last = named if named.num_rows else last
                    yield self._numerals.normal(named) if self._numerals else named
                self._require_closed(last)
            except (pa.ArrowException, UnicodeError) as error:
                raise JobError(_explained(error)) from None
            finally:  # Arrow keeps the memory of the blocks that it read ahead
                pa.default_memory_pool().release_unused()

    def _open(self, file: Any, names: list[str], options: pacsv.ConvertOptions) -> Any:
        written = self._written
        return pacsv.open_csv(
            file,
            pacsv.ReadOptions(
                block_size=self._block_bytes,
                encoding="utf8" if written.encoding in ("utf-8", "utf-8-sig") else written.encoding,
                column_names=names,
                skip_rows=written.skip_rows,
                skip_rows_after_names=int(bool(written.header)),
            ),
            pacsv.ParseOptions(
                delimiter=written.delimiter,
                quote_char=written.quote,
                escape_char=written.escape or False,
                newlines_in_values=True,
                invalid_row_handler=self._leave_out,
            ),
            options,
        )

    def _require_closed(self, last: pa.RecordBatch | None) -> None:
        """Refuse a file whose last cell began with a quote that never closed and took all the lines that followed."""
        if last is None or not any("\n" in cell.as_py() for cell in (column[-1] for column in last.columns)):
            return
        quote = str(self._written.quote)
        with self.path.open(encoding=self._written.encoding, errors="replace", newline="") as file:
            n_quotes = sum(block.count(quote) for block in iter(lambda: file.read(BLOCK_BYTES), ""))
        if n_quotes % 2:
            raise JobError(
                "must close every quote, but one that is opened near the end never closes, so that all lines after it "
                f"fell into one cell: close it, or set `quote` if {self._written.quote} is no quote in this file."
            )

    def _leave_out(self, _: Any) -> str:
        self.n_bad_rows += 1
        return "skip"

    def _start(self, encoding: str) -> tuple[str, bool]:
        """The first part of the file as text, and whether it is all of it."""
        with self.path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
            is_whole = not file.read(1)
        text = start.decode(encoding, errors="replace").removeprefix("\ufeff")
        if not text.strip():
            raise JobError("must hold a table, but the file is empty: check the export that wrote it.")
        return text, is_whole


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)
    except LookupError:
        raise JobError(f"needs an `encoding` that Python knows (utf-8, cp1251, …), but got {encoding!r}.") from None
    return encoding.lower()


def _explained(error: Exception) -> str:
    text = str(error)
    if "straddling" in text:
        text = "a row is longer than the limit (`NAS_MAX_CELL`), because of a quote that is never closed, perhaps"
    return f"must be a table of separated values, but reading it failed: {text}"
