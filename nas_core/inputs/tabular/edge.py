"""Rows at the edge of what a table's network may meet, for trying what was exported."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

UNSEEN = "\N{REPLACEMENT CHARACTER} never seen"


def edge_rows(raw: pa.Table) -> pa.Table:
    """A row without any value, a row of words never seen, and the rows of `raw` with a third of the cells of each."""
    rng = np.random.default_rng(0)
    columns = {}
    for name in raw.column_names:
        values = pc.cast(raw[name], pa.string()).combine_chunks()
        dice = rng.integers(0, 3, len(values))
        values = pc.if_else(pa.array(dice == 1), pa.scalar(None, pa.string()), values)
        values = pc.if_else(pa.array(dice == 2), pa.scalar(UNSEEN), values)
        columns[name] = pa.chunked_array([pa.array([None, UNSEEN], pa.string()), values])
    return pa.table(columns)
