"""Predictions for raw rows from what was exported, with LiteRT: no TensorFlow, no Keras, no pandas."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from nas_core.errors import JobError
from nas_core.export import litert
from nas_core.export.agreement import Forward, in_batches
from nas_core.runs.records import read_json
from nas_core.tasks.registry import load_part

BATCH = 65_536  # rows
_FORMULA, _NUMBER = r"^[=+\-@\t\r]", r"^[+-][\d.,]+$"
MANIFEST, MODEL, TRANSFORMS = "manifest.json", litert.FILE, "transforms.json"
CALIBRATION = "calibration.json"  # an export that is older has none


def predict(folder: Path, table: pa.Table) -> pa.Table:
    """Predict the rows of `table` with the exported model in `folder`, the ``export/`` of a run or a copy of it.

    Args:
        folder: holds ``manifest.json``, ``model.tflite`` and ``transforms.json``.
        table: the feature columns in any order, typed or as text; further columns are left alone.

    Returns:
        One row a row of `table`, in its order: `prediction`, and for classes the probability of each as ``p_<class>``,
        for numbers the ends of an interval, `prediction_low` and `prediction_high`.

    Raises:
        JobError: the folder is no whole export, or columns are missing.
    """
    check_whole(folder)
    listed = read_json(folder / MANIFEST)["files"]
    calibration = read_json(folder / CALIBRATION) if CALIBRATION in listed else None
    return predictions(litert.load(folder / MODEL), read_json(folder / TRANSFORMS), table, calibration)


def predict_file(folder: Path, path: Path, shown: str | None = None) -> pa.Table:
    """As :func:`predict`, for what lies at `path`, which problems call `shown`.

    It is a table, or for a network of pictures a picture, a folder or an archive of them, whose names (`file`) then
    come first.

    Raises:
        JobError: the folder is no whole export, or `path` holds nothing that can be predicted as a whole.
    """
    check_whole(folder)
    transforms = read_json(folder / TRANSFORMS)
    part = load_part(transforms["task"], "input", "rows")
    rows: pa.Table = part.read(transforms["input"], path, shown or str(path))
    answer = predict(folder, rows)
    for place, name in enumerate(part.NAMES):
        answer = answer.add_column(place, name, rows[name])
    return answer


def predictions(
    forward: Forward, transforms: dict[str, Any], table: pa.Table, calibration: dict[str, Any] | None = None
) -> pa.Table:
    """As :func:`predict`, with the forward pass of any format."""
    apply = load_part(transforms["task"], "input", "transform").apply
    decode = load_part(transforms["task"], "target", "encode").decode
    # At least one row goes through the model, so that an empty table gets the same columns.
    rows = table if table.num_rows else _row_of_nothing(table)
    outputs = [
        in_batches(forward, apply(transforms["input"], rows.slice(start, BATCH)))
        for start in range(0, rows.num_rows, BATCH)
    ]
    return pa.table(decode(transforms["target"], np.concatenate(outputs), calibration)).slice(0, table.num_rows)


def write_csv(answer: pa.Table, out: Any) -> None:
    """Write what :func:`predict` gave to a path or binary file `out`.

    A class whose name a spreadsheet would compute (``=1+1``) gets an apostrophe in front, as OWASP advises.
    """
    for place, column in enumerate(answer.columns):
        if pa.types.is_string(column.type):
            is_formula = pc.and_not(
                pc.match_substring_regex(column, _FORMULA), pc.match_substring_regex(column, _NUMBER)
            )
            safe = pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)
            answer = answer.set_column(place, answer.column_names[place], safe)
    pa_csv.write_csv(answer, out)


def check_whole(folder: Path) -> None:
    """Raise JobError unless `folder` holds the files that predictions need, as its manifest lists them."""
    if not (folder / MANIFEST).is_file():
        raise JobError(f"Predictions need the export/ of a finished run, but {folder} has no {MANIFEST}.")
    listed = read_json(folder / MANIFEST)["files"]
    if MODEL not in listed:
        raise JobError(f"Predictions need {MODEL}, but it could not be exported: {_reason(folder)}.")
    for name in {MODEL, TRANSFORMS, CALIBRATION} & {*listed, TRANSFORMS}:
        if not (folder / name).is_file() or _sha256(folder / name) != listed[name]["sha256"]:
            raise JobError(f"{folder / name} must be the file that {MANIFEST} lists, but is not: copy export/ again.")


def _row_of_nothing(table: pa.Table) -> pa.Table:
    return pa.table({name: pa.array([None], pa.string()) for name in table.column_names})


def _reason(folder: Path) -> str:
    try:
        return str(read_json(folder / "agreement.json")["litert"]["error"])
    except (FileNotFoundError, KeyError):
        return "no reason was kept"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
