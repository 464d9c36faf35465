"""JSON Lines: one object a line, its keys the columns. A document that is one list of objects is read too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from nas_core.data.limits import limits
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.encoding import find_encoding
from nas_core.data.readers.reader import cell_text, check_names
from nas_core.errors import JobError

ROWS_PER_BATCH = 8_192
MOST_BAD = 0.1  # share of unreadable lines from which on the file is refused
ROOT_LISTED = 1 << 28  # bytes of a document that is read as a whole


class JsonReader:
    """Yields every value as text, as CSV does; what is nested stays JSON. Missing keys are empty cells."""

    def __init__(self, path: Path, asked: Dialect) -> None:
        self.path = path
        self.n_bad_rows = 0
        self.notes: list[str] = []
        self.encoding = asked.encoding or find_encoding(path)
        self._listed = self._list()
        self.dialect = Dialect(format="json", encoding=self.encoding).to_json()
        keys: dict[str, None] = {}
        n_rows = 0
        for n_rows, row in enumerate(self._rows(), 1):  # noqa: B007 - counted
            if not row.keys() <= keys.keys():
                keys |= dict.fromkeys(row)
                if len(keys) > limits().max_columns:
                    break
        self._keys = list(keys)
        self.names = check_names([cell_text(key) or "" for key in self._keys])
        if self.n_bad_rows > MOST_BAD * (n_rows + self.n_bad_rows):
            raise JobError(
                f"must be JSON Lines (one object a line), but {self.n_bad_rows:,} of its lines are none: "
                "write it with one record a line, or as CSV."
            )

    def pieces(self) -> list[JsonReader]:
        """One: rows are found by reading all that stand before."""
        return [self]

    def batches(self, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of up to 8,192 rows of strings."""
        wanted = self.names if columns is None else columns
        keys = [self._keys[self.names.index(name)] for name in wanted]
        schema = pa.schema([(name, pa.string()) for name in wanted])
        rows = self._rows()
        while block := list(islice(rows, ROWS_PER_BATCH)):
            cells = [pa.array([cell_text(row.get(key)) for row in block], pa.string()) for key in keys]
            yield pa.record_batch(cells, schema=schema)

    def _rows(self) -> Iterator[dict[str, Any]]:
        self.n_bad_rows = 0
        if self._listed is not None:
            yield from self._listed
            return
        longest = limits().max_cell
        with self.path.open(encoding=self.encoding, errors="replace") as file:
            while line := file.readline(longest + 1):
                if len(line) > longest:
                    raise JobError(f"must have lines of at most {longest:,} characters (`NAS_MAX_CELL`), but has more.")
                if not line.strip():
                    continue
                row = _parsed(line)
                if isinstance(row, dict):
                    yield row
                else:
                    self.n_bad_rows += 1

    def _list(self) -> list[dict[str, Any]] | None:
        """The rows of a document that begins as a list or as an object that goes on over lines."""
        with self.path.open(encoding=self.encoding, errors="replace") as file:
            start = file.read(1 << 16).lstrip("\ufeff \t\r\n")
            if start.startswith("{") and (isinstance(_parsed(start.splitlines()[0]), dict) or "\n" not in start):
                return None
            if file.seek(0, 2) > ROOT_LISTED:
                raise JobError("must be JSON Lines when it is larger than 256 MB, but is one JSON document.")
            file.seek(0)
            whole = _parsed(file.read().removeprefix("\ufeff"))
        if isinstance(whole, dict):  # {"data": [{…}, …]}
            lists = [value for value in whole.values() if isinstance(value, list)]
            whole = lists[0] if len(lists) == 1 else None
        if not isinstance(whole, list) or not all(isinstance(row, dict) for row in whole):
            if start.startswith("{"):
                return None
            raise JobError("must be a list of objects or JSON Lines (one object a line), but is another JSON document.")
        return whole


def _parsed(text: str) -> Any:
    """The value of a JSON text; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
