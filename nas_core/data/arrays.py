"""The second pass over a table: arrays written batch by batch into memory-mapped files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nas_core.data.prepared import SPLITS
from nas_core.data.readers.reader import Piece
from nas_core.data.split import TEST

Encode = Callable[[pa.Table], dict[str, np.ndarray]]


class ArrayWriter:
    """Files ``<split>_<name>.npy`` below `folder`, each of `n_rows` rows, filled from the first row to the last."""

    def __init__(self, folder: Path, split: str, n_rows: int) -> None:
        self.folder = folder
        self.split = split
        self.n_rows = n_rows
        self._filled = 0
        self._arrays: dict[str, np.ndarray] = {}

    def add(self, arrays: dict[str, np.ndarray]) -> None:
        """Append rows; the names and shapes of the first call are those of all."""
        for name, rows in arrays.items():
            if name not in self._arrays:
                path = self.folder / f"{self.split}_{name}.npy"
                shape = (self.n_rows, *rows.shape[1:])
                self._arrays[name] = np.lib.format.open_memmap(path, mode="w+", dtype=rows.dtype, shape=shape)
            self._arrays[name][self._filled : self._filled + len(rows)] = rows
        self._filled += len(next(iter(arrays.values())))

    def close(self) -> None:
        """Bring everything to the disk."""
        for array in self._arrays.values():
            if isinstance(array, np.memmap):
                array.flush()
        self._arrays.clear()


@dataclass(frozen=True)
class Rows:
    """Rows to write: the part of each (see :mod:`nas_core.data.split`) and its encoded target."""

    parts: np.ndarray
    target: np.ndarray

    def pieces(self, n_rows: Sequence[int]) -> list[Rows]:
        """The rows of the pieces of the table, which have `n_rows` each."""
        ends = np.cumsum(n_rows).tolist()
        return [Rows(self.parts[e - n : e], self.target[e - n : e]) for e, n in zip(ends, n_rows, strict=True)]


@dataclass(frozen=True)
class Encoded:
    """A batch as it is written: arrays by name for each part that has rows, and the raw rows of the test part."""

    arrays: dict[int, dict[str, np.ndarray]]
    raw: pa.RecordBatch


def write_arrays(encoded: Iterable[Encoded], parts: np.ndarray, folder: Path, test_rows: Path) -> None:
    """Write the arrays of the parts that `parts` names, rows in the order of the table.

    Args:
        encoded: the table, batch by batch.
        parts: the part of each row.
        folder: where the arrays go.
        test_rows: the Parquet file that receives the raw rows of the test part, as they came.
    """
    folder.mkdir(parents=True, exist_ok=True)
    codes = [code for code in range(len(SPLITS)) if (parts == code).any()]
    writers = {code: ArrayWriter(folder, SPLITS[code], int((parts == code).sum())) for code in codes}
    with ExitStack() as stack:
        raw: pq.ParquetWriter | None = None
        for batch in encoded:
            for code, arrays in batch.arrays.items():
                writers[code].add(arrays)
            if TEST in codes:
                raw = raw or stack.enter_context(pq.ParquetWriter(test_rows, batch.raw.schema))
                raw.write_batch(batch.raw)
    for writer in writers.values():
        writer.close()


def encode_piece(encode: Encode, item: tuple[Piece, Rows]) -> Iterator[Encoded]:
    """Read a piece of a table once more, now to turn its rows into arrays by `encode`."""
    piece, rows = item
    first = 0
    for batch in piece.batches():
        own = slice(first, first + batch.num_rows)
        arrays = encode(pa.Table.from_batches([batch])) | {"target": rows.target[own]}
        parts, first = rows.parts[own], own.stop
        codes = [code for code in range(len(SPLITS)) if (parts == code).any()]
        split = {code: {name: array[parts == code] for name, array in arrays.items()} for code in codes}
        yield Encoded(split, batch.filter(pa.array(parts == TEST)))
