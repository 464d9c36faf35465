"""Many files that are one table: regional exports, a partitioned folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import types

from nas_core.data import cells
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.reader import Piece, Reader, check_names, open_table
from nas_core.data.source import File
from nas_core.errors import JobError

NAMED = 3


def open_files(files: Sequence[File], scratch: Path, asked: Dialect, file_column: str | None = None) -> Reader:
    """One reader for all `files`: a single one as it is, several as one table.

    Args:
        files: in the order of their rows.
        scratch: receives what is unpacked.
        asked: what a person says about the files.
        file_column: a column that gets the name of each row's file.

    Raises:
        JobError: naming the file that cannot be read.
    """
    if len(files) == 1 and file_column is None and not _partitions(files[0].name):
        return open_table(files[0].path, scratch, asked)
    readers = [_opened(file, scratch, asked, alone=len(files) == 1) for file in files]
    return FilesReader(files, readers, file_column)


def _opened(file: File, scratch: Path, asked: Dialect, *, alone: bool) -> Reader:
    with naming(None if alone else file.name):
        return open_table(file.path, scratch, asked)


class naming:  # noqa: N801 - reads as a verb
    """Puts the name of a file before the problems of the block; None adds nothing."""

    def __init__(self, name: str | None) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        if isinstance(error, JobError) and self.name is not None:
            raise JobError(*(f"in the file {self.name!r} {problem}" for problem in error.problems)) from None


class FilesReader:
    """Yields the rows of file after file with the columns of all of them; one that a file lacks is empty there.

    Folders called ``key=value``, as Hive and Spark write them, are columns too. A column that has different types in
    different files is read as text.
    """

    def __init__(self, files: Sequence[File], readers: list[Reader], file_column: str | None) -> None:
        self._files = files
        self._readers = readers
        self._file_column = file_column
        self.n_bad_rows = 0
        self._constants = [self._constant(file) for file in files]
        found = dict.fromkeys(name for constants in self._constants for name in constants)
        own = dict.fromkeys(name for reader in readers for name in reader.names)
        self.names = check_names(list(own | found))
        self.dialect = {"files": len(files), **_common([reader.dialect for reader in readers])}
        self.notes = [*dict.fromkeys(note for reader in readers for note in reader.notes), *self._lacking(list(own))]
        self._kinds: dict[str, pa.DataType] = {}

    def _constant(self, file: File) -> dict[str, str]:
        constants = _partitions(file.name)
        return constants | {self._file_column: file.name} if self._file_column else constants

    def _lacking(self, own: list[str]) -> list[str]:
        notes = []
        for name in own:
            without = [f.name for f, r in zip(self._files, self._readers, strict=True) if name not in r.names]
            if without:
                more = f" and {len(without) - NAMED} more" if len(without) > NAMED else ""
                notes.append(f"The column {name!r} is missing in {without[:NAMED]}{more}: its cells are empty there.")
        return notes

    def pieces(self) -> list[FilePiece]:
        """Those of each file."""
        kinds = {name: self._kind(name) for name in self.names}
        return [
            FilePiece(file.name, piece, reader.names, constants, kinds)
            for file, reader, constants in zip(self._files, self._readers, self._constants, strict=True)
            for piece in reader.pieces()
        ]

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the batches of each file, all with one schema."""
        self.n_bad_rows = 0
        for piece in self.pieces():
            yield from piece.batches(columns)
            self.n_bad_rows += piece.n_bad_rows

    def _kind(self, name: str) -> pa.DataType:
        """The type that all files give the column; strings when they differ."""
        if name not in self._kinds:
            kinds = {
                _kind_in(reader, name) if name not in constants else pa.string()
                for reader, constants in zip(self._readers, self._constants, strict=True)
                if name in reader.names or name in constants
            }
            self._kinds[name] = kinds.pop() if len(kinds) == 1 else pa.string()
        return self._kinds[name]


class FilePiece:
    """Rows of one file among many, with the columns and types of all of them."""

    def __init__(
        self, name: str, piece: Piece, own: list[str], constants: dict[str, str], kinds: dict[str, pa.DataType]
    ) -> None:
        self.name = name
        self.n_bad_rows = 0
        self._piece = piece
        self._own = own
        self._constants = constants
        self._kinds = kinds

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches."""
        wanted = list(self._kinds) if columns is None else columns
        schema = pa.schema([(name, self._kinds[name]) for name in wanted])
        own = [name for name in wanted if name in self._own and name not in self._constants]
        with naming(self.name):
            for batch in self._piece.batches(own or self._own[:1]):
                arrays = [
                    _made(batch, field.name, self._constants.get(field.name), field.type, has=field.name in own)
                    for field in schema
                ]
                yield pa.record_batch(arrays, schema=schema)
        self.n_bad_rows = self._piece.n_bad_rows


def _kind_in(reader: Reader, name: str) -> pa.DataType:
    if reader.dialect.get("format") not in ("parquet", "arrow"):
        return pa.string()
    first = next(reader.batches([name]), None)
    kind = pa.string() if first is None else first.schema.field(0).type
    return kind.value_type if types.is_dictionary(kind) else kind


def _made(batch: pa.RecordBatch, name: str, constant: str | None, kind: pa.DataType, *, has: bool) -> pa.Array:
    if not has:
        return pa.nulls(batch.num_rows, kind) if constant is None else pa.repeat(constant, batch.num_rows)
    column = batch.column(batch.schema.get_field_index(name))
    if column.type == kind:
        return column
    column = cells.flat(column)
    return column if column.type == kind else cells.texts(column)


def _partitions(name: str) -> dict[str, str]:
    pairs = [part.split("=", 1) for part in name.split("/")[:-1] if "=" in part]
    return {unquote(key): unquote(value) for key, value in pairs if key}


def _common(dialects: list[dict[str, Any]]) -> dict[str, Any]:
    """What all files agree upon, and the number of ways of writing."""
    return {key: value for key, value in dialects[0].items() if all(d.get(key) == value for d in dialects)}
