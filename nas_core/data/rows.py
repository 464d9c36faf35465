"""A whole table of rows to predict, in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa

from nas_core.data.readers.reader import open_table
from nas_core.errors import JobError


def read_rows(path: Path, shown: str | None = None) -> pa.Table:
    """The table in the file at `path`, which problems call `shown`.

    Raises:
        JobError: it is no table, or rows would be missing from the predictions.
    """
    shown = shown or str(path)
    try:
        with tempfile.TemporaryDirectory(prefix="nas-rows-") as scratch:
            reader = open_table(path, Path(scratch))
            nothing = pa.schema([(name, pa.string()) for name in reader.names])
            batches = list(reader.batches())
    except OSError as error:
        raise JobError(f"`rows` must be a file that can be read, but got {shown!r}: {error.strerror}.") from None
    except JobError as error:
        raise JobError(*(f"`rows` ({shown}) {problem}" for problem in error.problems)) from None
    if reader.n_bad_rows:
        raise JobError(f"`rows` must have as many cells a row as its header, but {reader.n_bad_rows} rows have not.")
    return pa.Table.from_batches(batches, batches[0].schema if batches else nothing)
