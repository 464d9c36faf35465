"""Predictions with a run's exported model, for a form's rows or a dropped file: LiteRT, no TensorFlow."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa

from nas_core.data import cells
from nas_core.errors import JobError
from nas_core.export.predict import TRANSFORMS, check_whole, predict, write_csv
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run
from nas_core.tasks.registry import load_part
from nas_core.web import apart

MOST_IN_JSON = 1_000  # rows of a file

Row = dict[str, str | int | float | bool | None]


def predict_rows(run: Run, rows: list[Row]) -> list[dict[str, Any]]:
    """What the model says of each of `rows`: `prediction`, and for classes the probability of each."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: pa.array([_text(row.get(name)) for row in rows], pa.string()) for name in names})
    return [{name: _finite(value) for name, value in row.items()} for row in _predict(run, table).to_pylist()]


def predict_file(run: Run, path: Path, name: str, *, as_json: bool) -> bytes:
    """What the model says of the rows or pictures at `path`, read in a child process: CSV, or JSON (a list of objects).

    A table's own columns come first, or the names of pictures. `name` is what a person called the file.
    """
    run.store.pull(layout.EXPORT, wait=False)
    question = {"export": str(run.path(layout.EXPORT)), "path": str(path), "name": name, "as_json": as_json}
    return apart.ask(__name__, question, "rows", folders=[str(path.parent)])


def answer(question: dict[str, Any]) -> bytes:
    """The predictions that :func:`predict_file` asks for: see :mod:`nas_core.web.apart`."""
    folder, path = Path(question["export"]), Path(question["path"])
    check_whole(folder)
    transforms = read_json(folder / TRANSFORMS)
    part = load_part(transforms["task"], "input", "rows")
    rows = part.read(transforms["input"], path, question["name"])
    answers = _tried(folder, rows)
    kept = [name for name in part.NAMES or rows.column_names if not cells.is_nested(rows[name].type)]
    table, taken = pa.table({name: cells.texts(rows[name]) for name in kept}), set(kept)
    for column in answers.column_names:
        table = table.append_column(column if column not in taken else f"{column} (network)", answers[column])
    if question["as_json"]:
        listed = table.slice(0, MOST_IN_JSON).to_pylist()
        return json.dumps([{k: _finite(v) for k, v in row.items()} for row in listed], ensure_ascii=False).encode()
    written = io.BytesIO()
    write_csv(table, written)
    return written.getvalue()


def _predict(run: Run, table: pa.Table) -> pa.Table:
    run.store.pull(layout.EXPORT, wait=False)
    return _tried(run.path(layout.EXPORT), table)


def _tried(export: Path, table: pa.Table) -> pa.Table:
    try:
        return predict(export, table)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise JobError(f"`rows` must hold values that the model's columns can take, but {error}.") from None


def _finite(value: Any) -> Any:
    """None for what JSON has no number for."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
