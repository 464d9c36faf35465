"""What reads a file as a stream of Arrow batches, and which reader a file needs."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from nas_core.data.archive import ZIP, packer, unpack
from nas_core.data.limits import limits
from nas_core.data.readers.dialect import Dialect
from nas_core.errors import JobError

START = 4096  # bytes that tell a format


class Piece(Protocol):
    """Rows of a table that follow each other. They are read as often as needed, each time in the same order and never
    as a whole, in whichever process has the piece.

    `n_bad_rows` counts the rows that the last pass left out.
    """

    n_bad_rows: int

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches with `columns` (all when None), typed as the format has them or as strings."""


class Reader(Piece, Protocol):
    """A table in a file. `dialect` says how it is written, `notes` what a person should know about the reading."""

    names: list[str]
    dialect: dict[str, Any]
    notes: list[str]

    def pieces(self) -> Sequence[Piece]:
        """What can be read side by side: all rows in their order, with the types that `batches` gives them."""


# Formats, and the class that reads each.
READERS = {
    "csv": "nas_core.data.readers.csv:CsvReader",
    "json": "nas_core.data.readers.json:JsonReader",
    "excel": "nas_core.data.readers.excel:ExcelReader",
    "parquet": "nas_core.data.readers.parquet:ParquetReader",
    "arrow": "nas_core.data.readers.arrow:ArrowReader",
}
# First bytes of formats. A file that begins otherwise is text: JSON when it begins so, else separated values.
SIGNATURES = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"\xff\xff\xff\xff": "arrow",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "excel",
}
# First bytes of files that people send all the same, and what to send instead.
REFUSED = {
    b"%PDF": "is a PDF document: export the table from the program that made it",
    b"SQLite format 3": "is a SQLite database: use sqlite:///path with a `query`",
    b"FEA1": "is Feather version 1, which is no longer read: write version 2",
    b"\x89HDF": "is an HDF5 file: save the table as Parquet",
    b"\x93NUMPY": "is a NumPy array: save it as CSV or Parquet, with names for the columns",
    b"\x80\x02": "is a Python pickle, which can run code: save the table as Parquet",
    b"\x80\x03": "is a Python pickle, which can run code: save the table as Parquet",
    b"\x80\x04": "is a Python pickle, which can run code: save the table as Parquet",
    b"\x80\x05": "is a Python pickle, which can run code: save the table as Parquet",
    b"ORC": "is an ORC file: save the table as Parquet",
    b"Obj\x01": "is an Avro file: save the table as Parquet",
    b"$FL2": "is an SPSS file: export it as CSV",
    b"<stata_dta>": "is a Stata file: export it as CSV",
    b"7z\xbc\xaf": "is a 7z archive: unpack it, or use zip or gzip",
    b"Rar!": "is a RAR archive: unpack it, or use zip or gzip",
    b"\x89PNG": "is a picture, not a table",
    b"\xff\xd8\xff": "is a picture, not a table",
    b"GIF8": "is a picture, not a table",
    b"\x7fELF": "is a program, not a table",
    b"MZ\x90": "is a program, not a table",
    b"{\\rtf": "is a text document: save the table as CSV",
}


def open_table(path: Path, scratch: Path, asked: Dialect | None = None) -> Reader:
    """Open the file at `path` with the reader that its content asks for; a packed one is unpacked first.

    Args:
        path: a local file.
        scratch: the folder that receives what is unpacked; whoever owns it removes it.
        asked: what a person says about the file.

    Raises:
        JobError: the file is empty, cannot be read as a table, or is beyond the limits.
    """
    asked = asked or Dialect()
    start = _start(path)
    kind = packer(start)
    if kind and not (kind == "zip" and _is_spreadsheet(path)):
        path = _unpacked(path, kind, scratch)
        start = _start(path)
        if packer(start) and not (start.startswith(ZIP) and _is_spreadsheet(path)):
            raise JobError("must be packed once, but what is in it is packed again: unpack it.")
    form = asked.format or _format(start)
    module, _, name = READERS[form].partition(":")
    reader: Reader = getattr(import_module(module), name)(path, asked)
    return reader


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        start = file.read(START)
    if not start:
        raise JobError("must hold a table, but the file is empty (0 bytes): check the export that wrote it.")
    return start


def _unpacked(path: Path, kind: str, scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / f"unpacked-{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    unpack(path, kind, target)
    return target


def _is_spreadsheet(path: Path) -> bool:
    from nas_core.data.readers.excel import is_spreadsheet

    return is_spreadsheet(path)


def _format(start: bytes) -> str:
    """The format that the first bytes speak for; JobError for one that is known and not read."""
    if start.startswith(ZIP):
        return "excel"
    for signature, what in REFUSED.items():
        if start.startswith(signature):
            raise JobError(f"must be a table in a format that is read (CSV, Excel, Parquet, …), but {what}.")
    if start[257:262] == b"ustar":
        raise JobError("must be one table, but is a tar archive: unpack it into a folder, or use zip or gzip.")
    text = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()  # without a mark
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<table")):
        raise JobError("must be a table, but is a web page or XML document: download the file itself, or save as CSV.")
    if text.startswith((b"{", b"[")):
        return "json"
    return next((form for signature, form in SIGNATURES.items() if start.startswith(signature)), "csv")


def check_names(names: list[str]) -> list[str]:
    """`names` without spaces round them, with a name for the nameless.

    Raises:
        JobError: two columns are called the same, or there are more than the limit.
    """
    most = limits().max_columns
    if len(names) > most:
        raise JobError(f"must have at most {most:,} columns (`NAS_MAX_COLUMNS`), but has {len(names):,}.")
    names = [name.strip() for name in names]
    names = [name or f"column {number}" for number, name in enumerate(names, 1)]
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        more = " …" if len(twice) > 10 else ""
        raise JobError(
            f"must have a name of its own for each column, but has {twice[:10]}{more} more than once: rename them."
        )
    return names


def check_cells(batch: pa.RecordBatch) -> pa.RecordBatch:
    """`batch`; JobError when a text in it is longer than the limit."""
    longest = limits().max_cell
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        texts = column.dictionary if types.is_dictionary(column.type) else column
        if not (types.is_string(texts.type) or types.is_large_string(texts.type)):
            continue
        found = pc.max(pc.binary_length(texts)).as_py()
        if found is not None and found > longest:
            raise JobError(
                f"must have cells of at most {longest:,} bytes (`NAS_MAX_CELL`), but column {name!r} has one of "
                f"{found:,}: a quote that is never closed, perhaps, in a text file."
            )
    return batch


def cell_text(value: Any) -> str | None:
    """A cell that came as a Python object, as the text that a CSV file would have for it; None when it is empty."""
    if value is None:
        return None
    spell = _SPELL.get(type(value), str)
    return spell(value)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


_SPELL: dict[type, Callable[[Any], str]] = {
    str: lambda value: value.encode("utf-8", "replace").decode(),  # half of a surrogate pair is no text
    bool: lambda value: str(value).lower(),
    float: _number,
    dt.datetime: lambda value: value.isoformat(" "),
    dict: json.dumps,
    list: json.dumps,
    bytes: lambda value: value.hex(),
    memoryview: lambda value: value.hex(),
}
