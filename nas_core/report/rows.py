"""What single test rows say: the worst mistakes, and what another threshold would give."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

N_MISTAKES = 20
MAX_COLUMNS = 12
THRESHOLDS = tuple(place / 20 for place in range(1, 20))


@dataclass(frozen=True)
class MistakeFacts:
    """The worst mistakes: `columns` (row number, truth, prediction, how wrong, then the data's own) and `rows`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class ThresholdFacts:
    """What "yes when the probability is at least `threshold`" gives on the test rows; None: nothing to divide by."""

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None
    n_yes: int


def mistakes(predictions: Path, rows: Path, important: list[str]) -> MistakeFacts | None:
    """The test rows that are most wrong, with the cells of the most `important` columns; None without the files.

    For classes: the wrong rows whose true class had the least probability. For numbers: the largest errors.
    """
    if not predictions.exists() or not rows.exists():
        return None
    said = pq.ParquetFile(predictions).read()
    wrong = _badness(said)
    order = np.argsort(-wrong, kind="stable")[:N_MISTAKES]
    worst = order[wrong[order] > 0].tolist()
    file = pq.ParquetFile(rows)
    shown = [name for name in important if name in file.schema_arrow.names][:MAX_COLUMNS]
    own = file.read(columns=shown)
    cells = [
        [_plain(column[row].as_py()) for row in worst] for column in (said["truth"], said["prediction"], *own.columns)
    ]
    found = zip(worst, cells[0], cells[1], wrong[worst].tolist(), *cells[2:], strict=True)
    return MistakeFacts(("row", "truth", "prediction", "how wrong", *shown), tuple(found))


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _badness(said: pa.Table) -> np.ndarray:
    """How wrong each row is, 0 for right: 1 less the probability of the true class, or the distance from the truth."""
    classes = [name.removeprefix("p_") for name in said.column_names if name.startswith("p_")]
    if not classes:
        return np.abs(
            np.array(said["prediction"].to_pylist(), np.float64) - np.array(said["truth"].to_pylist(), np.float64)
        )
    truth = [str(value) for value in said["truth"].to_pylist()]
    places = {name: place for place, name in enumerate(classes)}
    shares = np.column_stack([np.array(said[f"p_{name}"].to_pylist(), np.float64) for name in classes])
    of_truth = np.array([shares[row, places[name]] if name in places else 0.0 for row, name in enumerate(truth)])
    is_wrong = np.array([name != str(value) for name, value in zip(truth, said["prediction"].to_pylist(), strict=True)])
    return np.where(is_wrong, 1 - of_truth, 0.0)


def thresholds(predictions: Path, positive: str | None) -> tuple[ThresholdFacts, ...]:
    """For two classes, of which `positive` is the one that is looked for, what each threshold gives."""
    if positive is None or not predictions.exists():
        return ()
    said = pq.ParquetFile(predictions).read()
    if f"p_{positive}" not in said.column_names:
        return ()
    share = np.array(said[f"p_{positive}"].to_pylist(), np.float64)
    is_positive = np.array([str(value) == positive for value in said["truth"].to_pylist()])
    return tuple(_at(threshold, share >= threshold, is_positive) for threshold in THRESHOLDS)


def _at(threshold: float, is_yes: np.ndarray, is_positive: np.ndarray) -> ThresholdFacts:
    hits, n_yes, n_positive = int((is_yes & is_positive).sum()), int(is_yes.sum()), int(is_positive.sum())
    return ThresholdFacts(
        threshold=threshold,
        precision=hits / n_yes if n_yes else None,
        recall=hits / n_positive if n_positive else None,
        f1=2 * hits / (n_yes + n_positive) if n_yes + n_positive else None,
        n_yes=n_yes,
    )
