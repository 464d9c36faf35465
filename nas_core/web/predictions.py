"""Predictions with a run's exported model, for a form's rows or a dropped file: LiteRT, no TensorFlow."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import pyarrow as pa

from nas_core.data import cells
from nas_core.data.rows import read_rows
from nas_core.errors import JobError
from nas_core.export.predict import predict, write_csv
from nas_core.runs import layout
from nas_core.runs.run import Run

Row = dict[str, str | int | float | bool | None]


def predict_rows(run: Run, rows: list[Row]) -> list[dict[str, Any]]:
    """What the model says of each of `rows`: `prediction`, and for classes the probability of each."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in names})
    return [{name: _finite(value) for name, value in row.items()} for row in _predict(run, table).to_pylist()]


def predict_file(run: Run, path: Path, name: str) -> bytes:
    """The table at `path` as CSV with the predictions as its last columns; `name` is what a person called it."""
    table = read_rows(path, name)
    answers = _predict(run, table)
    plain = {name: cells.texts(table[name]) for name in table.column_names if not cells.is_nested(table[name].type)}
    table, taken = pa.table(plain), set(plain)
    for column in answers.column_names:
        table = table.append_column(column if column not in taken else f"{column} (network)", answers[column])
    written = io.BytesIO()
    write_csv(table, written)
    return written.getvalue()


def _predict(run: Run, table: pa.Table) -> pa.Table:
    run.store.pull(layout.EXPORT)
    try:
        return predict(run.path(layout.EXPORT), table)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise JobError(f"`rows` must hold values that the model's columns can take, but {error}.") from None


def _finite(value: Any) -> Any:
    """None for what JSON has no number for."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
