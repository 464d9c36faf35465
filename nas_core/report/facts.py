"""A finished run as one dataclass. Everything the report says is computed here; what comes after only draws.

``facts.json`` is this dataclass in JSON (tuples as lists, NaN and infinity as null), for the page and for programs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from nas_core.data.types import IMAGE
from nas_core.report import advice, words
from nas_core.report.candidates import SearchFacts, read_search
from nas_core.report.metrics import MetricFacts, metrics_of
from nas_core.report.tested import TestFacts, read_test
from nas_core.report.texts.checks import translate, translate_check
from nas_core.report.texts.sentences import sentence_texts
from nas_core.report.winner import TrainingFacts, WinnerFacts, read_training, read_winner
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_text
from nas_core.runs.run import Run
from nas_core.tasks.registry import load_task

BEFORE_REPORT = ("prepare", "search", "train", "export")


@dataclass(frozen=True)
class StageFacts:
    """One stage that is done: when it `started` (ISO 8601), its `seconds`, versions, and its files with sha256."""

    name: str
    started: str
    seconds: float
    versions: dict[str, str]
    files: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class DataFacts:
    """What the data was. `n_profiled`: rows that the profile counts; `columns`: schema and profile of each joined."""

    n_rows: dict[str, int]
    n_profiled: int
    columns: tuple[dict[str, Any], ...]
    checks: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ExportFacts:
    """What was exported: `files` with bytes and sha256, `agreement` and `manifest` as export wrote them."""

    files: dict[str, dict[str, Any]]
    agreement: Any
    manifest: Any


@dataclass(frozen=True)
class Facts:
    """All that a report says of a run.

    `seconds`: total and of each stage; `notes`: what to watch out for; `next`: what to do.
    `command` asks for the same job at a shell.
    """

    address: str
    name: str
    language: str
    job: dict[str, Any]
    command: str
    task: str
    task_title: str
    target: str
    dataset: str
    metric: MetricFacts
    metrics: dict[str, MetricFacts]
    stages: tuple[StageFacts, ...]
    seconds: dict[str, float]
    data: DataFacts
    search: SearchFacts
    winner: WinnerFacts
    training: TrainingFacts
    test: TestFacts
    export: ExportFacts
    headline: str
    notes: tuple[str, ...]
    next: tuple[str, ...]


def read_facts(run: Run, command: str = "") -> Facts:
    """Read the results of the four stages before the report and write ``report/facts.json``.

    `command` is what asks for the same job at a shell.

    The files are read from the run's local folder; who opens a run on S3 pulls them first, as `execute` does for the
    needs of a stage.

    Raises:
        FileNotFoundError: a stage before the report is not done.
    """
    facts = _gather(run, command)
    write_text(run.path(layout.FACTS), json.dumps(to_json(facts), ensure_ascii=False, allow_nan=False) + "\n")
    return facts


def to_json(value: Any) -> Any:
    """Facts as JSON values: dataclasses as objects, tuples as lists, NaN and infinity as null."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _gather(run: Run, command: str) -> Facts:
    job = {name: words.without_secrets(value) for name, value in run.read_job().items()}
    schema = read_json(run.path(layout.SCHEMA))
    language = job.get("language", "en")
    metrics = metrics_of(schema["task"], words.shorten(words.printable(schema["target"]), 24), language)
    metric = metrics[schema["metric"]]
    stages = tuple(_stage(run, name) for name in BEFORE_REPORT)
    search = read_search(run, metric.name)
    data, (test, interval) = _data(run, schema, language), read_test(run, metric, job)
    story = advice.Story(
        test.verdicts,
        data.n_rows,
        [candidate.score is None for candidate in search.candidates],
        [candidate.is_best for candidate in search.candidates],
        language,
        test.positive,
        test.thresholds,
        has_pictures=any(column["type"] == IMAGE for column in schema["columns"]),
    )
    return Facts(
        address=run.address,
        name=job["name"],
        language=language,
        job=job,
        command=command,
        task=schema["task"],
        task_title=_task_title(schema["task"], language),
        target=schema["target"],
        dataset=words.last_part(job["dataset_uri"]),
        metric=metric,
        metrics=metrics,
        stages=stages,
        seconds=seconds_of(stages),
        data=data,
        search=search,
        winner=read_winner(run, search),
        training=read_training(run),
        test=test,
        export=_export(run, stages[-1]),
        headline=advice.headline(metric, test.value, interval, test.verdicts, language),
        notes=advice.notes(story, data.checks),
        next=advice.next_steps(story),
    )


def seconds_of(stages: Iterable[StageFacts]) -> dict[str, float]:
    """Seconds in all and of each stage."""
    each = {stage.name: stage.seconds for stage in stages}
    return {"total": round(sum(each.values()), 3), **each}


def _stage(run: Run, name: str) -> StageFacts:
    report = read_json(run.path(name) / layout.REPORT)
    return StageFacts(name, report["started"], report["seconds"], report["versions"], report["files"])


def _task_title(task: str, language: str) -> str:
    return sentence_texts(language).get(f"task_{task}", load_task(task).title)


def _data(run: Run, schema: dict[str, Any], language: str) -> DataFacts:
    profile = read_json(run.path(layout.PROFILE))
    profiled = {column["name"]: column for column in profile["columns"]}
    columns = tuple(
        {**profiled.get(column["name"], {}), **column, "reason": translate(column["reason"] or "", language) or None}
        for column in schema["columns"]
    )
    checks = tuple(translate_check(check, language) for check in read_json(run.path(layout.CHECKS)))
    return DataFacts(schema["n_rows"], profile["n_rows"], columns, checks)


def _export(run: Run, stage: StageFacts) -> ExportFacts:
    def read(part: str) -> Any:
        return read_json(run.path(part)) if run.path(part).exists() else None

    return ExportFacts(stage.files, read(layout.AGREEMENT), read(layout.MANIFEST))
