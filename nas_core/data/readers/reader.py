"""What reads a file as a stream of Arrow batches, and which reader a file needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from nas_core.errors import JobError


class Reader(Protocol):
    """A table in a file. It is read as often as needed, each time in the same order and never as a whole."""

    names: list[str]
    n_bad_rows: int

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches with `columns` (all when None), typed as the format has them or as strings."""


# Endings of names, and the class that reads such files. What no ending tells is read as CSV.
READERS = {
    ".csv": "nas_core.data.readers.csv:CsvReader",
    ".tsv": "nas_core.data.readers.csv:CsvReader",
    ".txt": "nas_core.data.readers.csv:CsvReader",
    ".csv.gz": "nas_core.data.readers.csv:CsvReader",
    ".parquet": "nas_core.data.readers.parquet:ParquetReader",
    ".pq": "nas_core.data.readers.parquet:ParquetReader",
}
# First bytes that speak louder than a name.
SIGNATURES = {b"PAR1": READERS[".parquet"]}


def open_table(path: Path) -> Reader:
    """Open the file at `path` with the reader that its content, else its name, asks for.

    Raises:
        JobError: the file is empty or cannot be read as a table.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise JobError("must hold a table, but the file is empty (0 bytes): check the export that wrote it.")
    module, _, name = (SIGNATURES.get(start) or _by_name(path.name)).partition(":")
    reader: Reader = getattr(import_module(module), name)(path)
    return reader


def _by_name(name: str) -> str:
    endings = [ending for ending in READERS if name.lower().endswith(ending)]
    return READERS[max(endings, key=len, default=".csv")]


def check_names(names: list[str]) -> list[str]:
    """`names` with a name for the nameless; JobError when two columns are called the same."""
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise JobError(f"must have a name of its own for each column, but has {twice} more than once: rename them.")
    return [name or f"column {number}" for number, name in enumerate(names, 1)]
