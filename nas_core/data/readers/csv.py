"""Text files with separated values."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from nas_core.data.readers.reader import check_names
from nas_core.errors import JobError

BLOCK_BYTES = 1 << 20  # Arrow reads some 30 blocks ahead
SNIFFED_BYTES = 1 << 16
DELIMITERS = ",;\t|"


class CsvReader:
    """Yields blocks of 1 MB, every cell a string: types are inferred over the whole column, not its first rows.

    The separator (comma, semicolon, tab or bar) and the encoding (UTF-8, UTF-16 with its mark, else Windows-1252) are
    found from the content. Rows with too few or too many cells are left out and counted in `n_bad_rows`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_bad_rows = 0
        start = self._start()
        self.encoding = _encoding(start) or ("utf8" if self._is_utf8() else "cp1252")
        self.delimiter = _delimiter(start.decode(self.encoding, errors="replace"))
        self._given_names = self._header()
        self.names = check_names(self._given_names)

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield record batches of strings; a file that ends in the middle of a quoted cell ends there."""
        self.n_bad_rows = 0
        wanted = self.names if columns is None else columns
        given = dict(zip(self.names, self._given_names, strict=True))
        options = pacsv.ConvertOptions(
            column_types=dict.fromkeys(self._given_names, pa.string()),
            include_columns=[given[name] for name in wanted],
            strings_can_be_null=False,
        )
        with pa.input_stream(self.path, compression="detect") as file:
            try:
                for batch in self._open(file, options):
                    yield batch.rename_columns(wanted)
            except (pa.ArrowException, UnicodeError) as error:
                raise JobError(f"must be a table of separated values, but reading it failed: {error}") from None

    def _open(self, file: Any, options: pacsv.ConvertOptions | None = None) -> Any:
        return pacsv.open_csv(
            file,
            pacsv.ReadOptions(block_size=BLOCK_BYTES, encoding=self.encoding),
            pacsv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=self._leave_out),
            options,
        )

    def _leave_out(self, _: Any) -> str:
        self.n_bad_rows += 1
        return "skip"

    def _header(self) -> list[str]:
        with pa.input_stream(self.path, compression="detect") as file:
            try:
                names: list[str] = self._open(file).schema.names
            except (pa.ArrowException, UnicodeError) as error:
                raise JobError(f"must begin with a line of column names, but reading it failed: {error}") from None
        return names

    def _start(self) -> bytes:
        with pa.input_stream(self.path, compression="detect") as file:
            try:
                start: bytes = file.read(SNIFFED_BYTES)
            except OSError as error:
                raise JobError(f"must be a table, but unpacking it failed: {error}") from None
        if b"\0" in start and not _encoding(start):
            raise JobError("must be a CSV or Parquet file, but the content is neither: save the table as one of them.")
        if not start.strip():
            raise JobError("must hold a table, but the file is empty: check the export that wrote it.")
        return start

    def _is_utf8(self) -> bool:
        decoder = codecs.getincrementaldecoder("utf-8")()
        with pa.input_stream(self.path, compression="detect") as file:
            try:
                while block := file.read(BLOCK_BYTES):
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                return False
        return True


def _encoding(start: bytes) -> str | None:
    """What a byte-order mark says."""
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _delimiter(start: str) -> str:
    """The separator that gives the most columns, the same number in all of the first rows."""
    lines = start.splitlines()
    lines = lines[:-1][:50] or lines

    def columns(delimiter: str) -> tuple[bool, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        return counts[0] > 1 and counts.count(counts[0]) > 0.9 * len(counts), counts[0]

    return max(DELIMITERS, key=columns)
