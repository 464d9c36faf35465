"""Whether an exported model says what the Keras model says, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nas_core.data.prepared import Prepared
from nas_core.runs import layout
from nas_core.runs.run import Run
from nas_core.tasks.registry import load_part

Inputs = dict[str, np.ndarray]
Forward = Callable[[Inputs], np.ndarray]

LIMIT = 1e-4  # largest difference of a probability, or of a prediction in standard deviations of the target
N_ROWS = 10_000  # test rows that are compared
N_SPOILED = 500  # of them, from which rows at the edge are made
N_CALIBRATION = 200  # training rows that tell a format with whole numbers what to expect
MOST_LOST = 0.01  # of the test rows' accuracy, or of their R², by a format with whole numbers
BATCH = 8_192
BATCH_OF_PICTURES = 128


def compared_inputs(prepared: Prepared, raw: pa.Table) -> Inputs:
    """The arrays on which formats are compared: test rows, and rows at the edge of what may come."""
    transforms = prepared.transforms
    apply = load_part(transforms["task"], "input", "transform").apply
    edge_rows = load_part(transforms["task"], "input", "edge").edge_rows
    edge: Inputs = apply(transforms["input"], edge_rows(raw.slice(0, N_SPOILED)))
    test = prepared.split("test").inputs
    return {name: np.concatenate([test[name][:N_ROWS], edge[name]]) for name in edge}


def raw_rows(run: Run, prepared: Prepared) -> pa.Table:
    """The feature columns of the first test rows, as they came."""
    features = [column["name"] for column in prepared.schema["columns"] if column["role"] == "feature"]
    return pq.read_table(run.path(layout.TEST_ROWS), columns=features).slice(0, N_ROWS)


def measured_rows(run: Run) -> pa.Table:
    """What train predicted for the first test rows."""
    return pq.read_table(run.path(layout.PREDICTIONS)).slice(0, N_ROWS)


def calibration_inputs(prepared: Prepared) -> Inputs:
    """The arrays of some training rows, evenly spread."""
    train = prepared.split("train")
    rows = np.unique(np.linspace(0, len(train) - 1, N_CALIBRATION).astype(int))
    return {name: np.asarray(array[rows]) for name, array in train.inputs.items()}


def lost(prepared: Prepared, output: np.ndarray, expected: np.ndarray) -> float:
    """How much less of the test rows' accuracy (of their R²) `output` has than `expected`, both beginning with them."""
    part, target = load_part(prepared.transforms["task"], "target", "figures"), prepared.transforms["target"]
    truth = np.asarray(prepared.split("test").target[:N_ROWS])
    before, after = (part.figures(target, truth, out[: len(truth)])[part.SHARE] for out in (expected, output))
    return float(before - after)


def in_batches(forward: Forward, inputs: Inputs, size: int = 0) -> np.ndarray:
    """The output of `forward` for all rows, `size` rows at a time (0: as memory allows); one row is needed at least."""
    n = len(next(iter(inputs.values())))
    size = size or (BATCH_OF_PICTURES if any(array.ndim > 2 for array in inputs.values()) else BATCH)
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
