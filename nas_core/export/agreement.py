"""Whether an exported model says what the Keras model says, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nas_core.data.prepared import Prepared
from nas_core.runs import layout
from nas_core.runs.run import Run
from nas_core.tasks.registry import load_part

Inputs = dict[str, np.ndarray]
Forward = Callable[[Inputs], np.ndarray]

LIMIT = 1e-4  # largest difference of a probability, or of a prediction in standard deviations of the target
N_ROWS = 10_000  # test rows that are compared
N_SPOILED = 500  # of them, once more with holes and words that nobody saw in training
BATCH = 8_192
UNSEEN = "\N{REPLACEMENT CHARACTER} never seen"


def compared_inputs(prepared: Prepared, raw: pa.Table) -> Inputs:
    """The arrays on which formats are compared: test rows, and rows with missing values and unseen categories."""
    transforms = prepared.transforms
    apply = load_part(transforms["task"], "input", "transform").apply
    edge: Inputs = apply(transforms["input"], spoiled_rows(raw.slice(0, N_SPOILED)))
    test = prepared.split("test").inputs
    return {name: np.concatenate([test[name][:N_ROWS], edge[name]]) for name in edge}


def raw_rows(run: Run, prepared: Prepared) -> pa.Table:
    """The feature columns of the first test rows, as they came."""
    features = [column["name"] for column in prepared.schema["columns"] if column["role"] == "feature"]
    return pq.read_table(run.path(layout.TEST_ROWS), columns=features).slice(0, N_ROWS)


def measured_rows(run: Run) -> pa.Table:
    """What train predicted for the first test rows."""
    return pq.read_table(run.path(layout.PREDICTIONS)).slice(0, N_ROWS)


def spoiled_rows(raw: pa.Table) -> pa.Table:
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


def in_batches(forward: Forward, inputs: Inputs, size: int = BATCH) -> np.ndarray:
    """The output of `forward` for all rows, `size` rows at a time; at least one row is needed."""
    n = len(next(iter(inputs.values())))
    return np.concatenate([forward({k: a[i : i + size] for k, a in inputs.items()}) for i in range(0, n, size)])


def difference(output: np.ndarray, expected: np.ndarray, unit: float) -> float:
    """Largest difference in `unit`s; NaN when anything is not a number."""
    return float(np.max(np.abs(output.astype(np.float64) - expected) / unit))


def predictions_difference(found: pa.Table, measured: pa.Table, unit: float) -> float:
    """Largest difference of two tables of predictions: of their probabilities, or of the predicted numbers.

    Raises:
        ValueError: they have different rows or columns.
    """
    names = [name for name in measured.column_names if name.startswith("p_")] or ["prediction"]
    if found.num_rows != measured.num_rows or not set(names) <= set(found.column_names):
        raise ValueError(f"{found.num_rows} rows of {found.column_names}, not {measured.num_rows} rows of {names}")
    return max(difference(found[name].to_numpy(), measured[name].to_numpy(), unit) for name in names)


def unit_of(target: dict[str, Any]) -> float:
    """What differences are measured in: 1 for probabilities, the target's standard deviation for numbers."""
    return float(target.get("std", 1.0))


def speed(forward: Forward, inputs: Inputs) -> dict[str, float]:
    """`latency_ms` of one row alone (median of many) and `rows_per_second` of all `inputs` (best of three)."""
    one = {name: array[:1] for name, array in inputs.items()}
    forward(one)
    latency = np.median([_seconds(lambda: forward(one)) for _ in range(50)])
    whole = min(_seconds(lambda: in_batches(forward, inputs)) for _ in range(3))
    n = len(next(iter(inputs.values())))
    return {"latency_ms": float(f"{latency * 1e3:.3g}"), "rows_per_second": float(f"{n / whole:.3g}")}


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
