"""What the test rows say of the network and of its rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from nas_core.report import bootstrap, outcome, rows, slices
from nas_core.report.bootstrap import Interval
from nas_core.report.metrics import MetricFacts, figures_of
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run


@dataclass(frozen=True)
class TestFacts:
    """What the test rows say. `figures`, `valid`, `baselines`: by metric; `value`: in the job's metric, from `low`
    to `high` by bootstrap (None: not known).

    `random` is what a search without an agent reached (None: not compared). Of `confusion` and `residuals` the one
    that the target gives is there, `calibrated` is one sentence on what calibration gave. `positive` is the class that
    two classes are about, and `thresholds` those of its probability. `mistakes` and `slices` are None where rows may
    not be shown.
    """

    __test__ = False  # a name for people, not a test

    value: float | None
    low: float | None
    high: float | None
    figures: dict[str, float | None]
    valid: dict[str, float | None]
    baselines: dict[str, dict[str, float | None]]
    random: dict[str, Any] | None
    verdicts: tuple[outcome.VerdictFacts, ...]
    confusion: outcome.ConfusionFacts | None
    residuals: outcome.ResidualFacts | None
    positive: str | None
    thresholds: tuple[rows.ThresholdFacts, ...]
    mistakes: rows.MistakeFacts | None
    slices: slices.SlicesFacts | None
    importance: tuple[dict[str, Any], ...]
    calibrated: str | None
    details: dict[str, Any]


def read_test(run: Run, metric: MetricFacts, job: dict[str, Any]) -> tuple[TestFacts, Interval | None]:
    metrics = read_json(run.path(layout.METRICS))
    value = metrics["test"].get(metric.name)
    rivals = {name: figures.get(metric.name) for name, figures in metrics["baselines"].items()}
    if metrics.get("random"):
        rivals["random"] = (metrics["random"]["test"] or {}).get(metric.name)
    known = {name: figure for name, figure in rivals.items() if figure is not None}
    details = metrics.get("details") or {}
    target = read_json(run.path(layout.TRANSFORMS))["target"]
    _, truth, outputs = _outputs(run)
    resamples = bootstrap.resample(figures_of(metrics["task"]), target, metric.name, truth, outputs)
    interval = resamples.own()
    importance = tuple(_importance(run.path(layout.IMPORTANCE)))
    important = [each["column"] for each in importance]
    language, shows_rows = job.get("language", "en"), job.get("show_rows", True)
    return TestFacts(
        value=value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        figures=metrics["test"],
        valid=metrics["valid"],
        baselines=metrics["baselines"],
        random=metrics.get("random"),
        verdicts=outcome.judge(metric, value, known, resamples, language) if value is not None else (),
        confusion=outcome.confusion(details),
        residuals=outcome.residuals(details),
        positive=_positive(target),
        thresholds=rows.thresholds(run.path(layout.PREDICTIONS), _positive(target)),
        mistakes=_mistakes(run, important) if shows_rows else None,
        slices=_slices(run, metric.name, important, language) if shows_rows else None,
        importance=importance,
        calibrated=outcome.calibrated(details.get("calibrated"), language),
        details=details,
    ), interval


def _outputs(run: Run) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Which test rows are held against each other, their truth, and what network and rivals say of them, by name."""
    path = run.path(layout.TEST_OUTPUTS)
    if not path.exists():
        return np.zeros(0, int), np.zeros(0), {}
    with np.load(path) as saved:
        outputs = dict(saved)
    rows = outputs.pop("rows")
    return rows, np.load(run.path(layout.ARRAYS) / "test_target.npy", mmap_mode="r")[rows], outputs


def _positive(target: dict[str, Any]) -> str | None:
    code = target.get("positive")
    return None if code is None else str(target["classes"][code])


def _mistakes(run: Run, important: list[str]) -> rows.MistakeFacts | None:
    return rows.mistakes(run.path(layout.PREDICTIONS), run.path(layout.TEST_ROWS), important or _about(run))


def _about(run: Run) -> list[str]:
    """The columns that tell about a row and that the network does not see."""
    return [column["name"] for column in read_json(run.path(layout.SCHEMA))["columns"] if column["role"] == "about"]


def _slices(run: Run, metric: str, important: Sequence[str], language: str) -> slices.SlicesFacts | None:
    """Where the network is weak, by the most `important` columns of the table; None without its test rows."""
    rows, truth, outputs = _outputs(run)
    path, schema = run.path(layout.TEST_ROWS), read_json(run.path(layout.SCHEMA))
    if not path.exists() or not outputs:
        return None
    kept, file = slice(None, slices.MAX_ROWS), pq.ParquetFile(path)
    known = {entry["name"]: slices.column(entry) for entry in schema["columns"] if entry["role"] == "feature"}
    names = [name for name in important if name in known and name in file.schema_arrow.names][: slices.N_COLUMNS]
    task, target = schema["task"], read_json(run.path(layout.TRANSFORMS))["target"]
    figures = slices.Figures(
        task, target, slices.slice_metric(task, metric), truth[kept], {who: said[kept] for who, said in outputs.items()}
    )
    table = file.read(columns=names).take(rows[kept])
    return slices.find_weak(table, [known[name] for name in names], figures, language)


def _importance(path: Path) -> list[dict[str, Any]]:
    return read_json(path) if path.exists() else []
