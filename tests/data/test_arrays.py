from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pieces import Listed

from nas_core.data.arrays import Rows, encode_piece, write_arrays
from nas_core.data.workshop import HERE


def encode(table: pa.Table) -> dict[str, np.ndarray]:
    x = table["x"].to_numpy()
    return {"wide": np.stack([x, -x], axis=1).astype(np.float32), "none": np.zeros((len(x), 0), np.int32)}


def test_rows_go_to_their_parts_in_order(tmp_path: Path) -> None:
    table = pa.table({"x": np.arange(10)})
    parts = np.array([0, 1, 2, -1, 0, 0, 2, 1, -1, 0], np.int8)
    pieces = [Listed(table.slice(0, 4).to_batches(3)), Listed(table.slice(4).to_batches(3))]
    items = zip(pieces, Rows(parts, np.arange(10) * 10).pieces([4, 6]), strict=True)
    encoded = HERE.flat_map(partial(encode_piece, encode), list(items))
    write_arrays(encoded, parts, tmp_path / "a", tmp_path / "test.parquet")
    for code, split in enumerate(("train", "valid", "test")):
        rows = np.flatnonzero(parts == code)
        np.testing.assert_array_equal(np.load(tmp_path / f"a/{split}_wide.npy")[:, 1], -rows)
        np.testing.assert_array_equal(np.load(tmp_path / f"a/{split}_target.npy"), rows * 10)
        assert np.load(tmp_path / f"a/{split}_none.npy", mmap_mode="r").shape == (len(rows), 0)
    assert pq.read_table(tmp_path / "test.parquet")["x"].to_pylist() == [2, 6]
