"""The second pass over a table: arrays written batch by batch into memory-mapped files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nas_core.data.prepared import SPLITS
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


def write_arrays(
    batches: Iterable[pa.RecordBatch],
    parts: np.ndarray,
    target: np.ndarray,
    encode: Encode,
    folder: Path,
    test_rows: Path,
) -> None:
    """Write the arrays of the parts that `parts` names, rows in the order of the table.

    Args:
        batches: the table.
        parts: the part of each row (see :mod:`nas_core.data.split`).
        target: the encoded target of each row.
        encode: raw rows to input arrays by name, each (rows, …).
        folder: where the arrays go.
        test_rows: the Parquet file that receives the raw rows of the test part, as they came.
    """
    folder.mkdir(parents=True, exist_ok=True)
    codes = [code for code in range(len(SPLITS)) if (parts == code).any()]
    writers = {code: ArrayWriter(folder, SPLITS[code], int((parts == code).sum())) for code in codes}
    first = 0
    with ExitStack() as stack:
        raw: pq.ParquetWriter | None = None
        for batch in batches:
            rows = slice(first, first + batch.num_rows)
            arrays = encode(pa.Table.from_batches([batch])) | {"target": target[rows]}
            masks = {code: parts[rows] == code for code in codes}
            for code, mask in masks.items():
                writers[code].add({name: array[mask] for name, array in arrays.items()})
            if TEST in masks:
                raw = raw or stack.enter_context(pq.ParquetWriter(test_rows, batch.schema))
                raw.write_batch(batch.filter(pa.array(masks[TEST])))
            first = rows.stop
    for writer in writers.values():
        writer.close()
