"""Arrow files and streams; Feather (version 2) is the Arrow file under another name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.reader import check_cells, check_names
from nas_core.errors import JobError

ROWS_PER_BATCH = 32_768


class ArrowReader:
    """Yields the file's batches in parts, each checked: offsets that lead nowhere would be read without a look."""

    def __init__(self, path: Path, _: Dialect) -> None:
        self.path = path
        self.n_bad_rows = 0
        self.notes: list[str] = []
        self.dialect = Dialect(format="arrow").to_json()
        with path.open("rb") as file:
            self._is_file = file.read(6) == b"ARROW1"
        for names in self._read(lambda reader: [reader.schema.names]):
            self.names = check_names(names)

    def pieces(self) -> list[ArrowReader]:
        """One, the whole file."""
        return [self]

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of up to 32,768 rows."""
        wanted = self.names if columns is None else columns
        places = [self.names.index(name) for name in wanted]
        for batch in self._read(self._batches):
            for first in range(0, batch.num_rows, ROWS_PER_BATCH):
                part = batch.slice(first, ROWS_PER_BATCH)
                yield check_cells(pa.record_batch([part.column(place) for place in places], names=wanted))

    def _batches(self, reader: Any) -> Iterator[pa.RecordBatch]:
        batches = map(reader.get_batch, range(reader.num_record_batches)) if self._is_file else reader
        for batch in batches:
            batch.validate(full=True)
            yield batch

    def _read(self, look: Any) -> Iterator[Any]:
        try:
            with pa.memory_map(str(self.path)) as file:
                yield from look(pa.ipc.open_file(file) if self._is_file else pa.ipc.open_stream(file))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise JobError(f"must be a whole Arrow or Feather file, but reading it failed: {error}") from None
