"""A finished run as one dataclass. Everything the report says is computed here; what comes after only draws.

``facts.json`` is this dataclass in JSON (tuples as lists, NaN and infinity as null), for the page and for programs.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nas_core.report import advice, bootstrap, outcome, policy, rows, words
from nas_core.report.bootstrap import Interval
from nas_core.report.metrics import MetricFacts, figures_of, metrics_of
from nas_core.runs import layout
from nas_core.runs.records import read_json, read_lines, write_text
from nas_core.runs.run import Run
from nas_core.space.architecture import Architecture
from nas_core.tasks.registry import load_task
from nas_core.training.summary import describe_model

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
class CandidateFacts:
    """One line of the ledger.

    `title` is the architecture in words, `codes` its choices by their place in the vocabulary, `value` the figure in
    the job's metric, `seconds` the whole cost, `is_best` whether it was the best when it was written, `is_on_front` if
    no other network of the whole search is both better and smaller. `thoughts` is how likely, in per cent, the agent
    was to choose each of the search's rows at each place, `policy` the mean over the places, `certainty` that of its
    favourites (empty and None when the line holds no probabilities).
    """

    number: int
    round: int
    agent: str
    fingerprint: str
    title: str
    architecture: tuple[dict[str, Any], ...]
    codes: tuple[int, ...]
    score: float | None
    value: float | None
    reward: float | None
    metrics: dict[str, float | None]
    parameters: int
    flops: int
    epochs: int
    share: float
    seconds: float
    error: str | None
    at: float
    is_best: bool
    is_on_front: bool
    thoughts: tuple[tuple[int, ...], ...]
    policy: tuple[float, ...] | None
    certainty: float | None


@dataclass(frozen=True)
class SearchFacts:
    """The ledger in its order, with the rows into which the choices are gathered. `seconds`: over all resumes.

    `choices` is the vocabulary; `random` holds the figures of a random search's networks in their order (None: failed),
    where the job compared with one. `resumes`: after how many candidates a killed search was taken up again.
    """

    n_candidates: int
    n_failed: int
    n_distinct: int
    seconds: float
    rows: tuple[policy.RowFacts, ...]
    kinds: tuple[str, ...]
    choices: tuple[policy.ChoiceFacts, ...]
    candidates: tuple[CandidateFacts, ...]
    random: tuple[float | None, ...]
    resumes: tuple[int, ...]


@dataclass(frozen=True)
class LayerFacts:
    """One layer of the winner, stem and head included. `share` is that of all the parameters.

    `earned` is the change of the reward that came with the layer, where the search measured the network with it and the
    one without.
    """

    kind: str
    title: str
    params: dict[str, Any]
    output_shape: tuple[int | None, ...]
    parameters: int
    flops: int
    share: float
    earned: float | None = None


@dataclass(frozen=True)
class WinnerFacts:
    """The network that won. `number` is its line in the ledger (None when it is not there).

    Of `n_copies` trained on different rows the model is the mean, and of as many of each of the `others`; the other
    figures are of one of them.
    """

    fingerprint: str
    number: int | None
    parameters: int
    flops: int
    layers: tuple[LayerFacts, ...]
    n_copies: int
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingFacts:
    """The winner's training: `epochs` holds one row an epoch under `columns`; `best_epoch` has the least valid_loss."""

    columns: tuple[str, ...]
    epochs: tuple[tuple[float | None, ...], ...]
    best_epoch: int | None
    finalists: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class TestFacts:
    """What the test rows say. `figures`, `valid`, `baselines`: by metric; `value`: in the job's metric, from `low`
    to `high` by bootstrap (None: not known).

    `random` is what a search without an agent reached (None: not compared). Of `confusion` and `residuals` the one
    that the target gives is there. `positive` is the class that two classes
    are about, and `thresholds` those of its probability. `mistakes` is None where rows may not be shown.
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
    importance: tuple[dict[str, Any], ...]
    details: dict[str, Any]


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
    metrics = metrics_of(schema["task"], words.shorten(words.printable(schema["target"]), 24))
    metric = metrics[schema["metric"]]
    stages = tuple(_stage(run, name) for name in BEFORE_REPORT)
    search = read_search(run, metric.name)
    language = job.get("language", "en")
    data, (test, interval) = _data(run, schema), _test(run, metric, job)
    story = advice.Story(
        test.verdicts,
        data.n_rows,
        [candidate.score is None for candidate in search.candidates],
        [candidate.is_best for candidate in search.candidates],
        language,
    )
    return Facts(
        address=run.address,
        name=job["name"],
        language=language,
        job=job,
        command=command,
        task=schema["task"],
        task_title=load_task(schema["task"]).title,
        target=schema["target"],
        dataset=words.last_part(job["dataset_uri"]),
        metric=metric,
        metrics=metrics,
        stages=stages,
        seconds=seconds_of(stages),
        data=data,
        search=search,
        winner=_winner(run, search),
        training=_training(run),
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


def _data(run: Run, schema: dict[str, Any]) -> DataFacts:
    profile = read_json(run.path(layout.PROFILE))
    profiled = {column["name"]: column for column in profile["columns"]}
    columns = tuple({**profiled.get(column["name"], {}), **column} for column in schema["columns"])
    return DataFacts(schema["n_rows"], profile["n_rows"], columns, tuple(read_json(run.path(layout.CHECKS))))


def read_search(run: Run, metric: str) -> SearchFacts:
    """The ledger as it is now, judged by `metric`; the search may still be running."""
    vocabulary = read_json(run.path(layout.VOCABULARY))
    grouping = policy.group_choices(vocabulary)
    codes = {json.dumps(choice, sort_keys=True): code for code, choice in enumerate(vocabulary)}
    lines = list(read_lines(run.path(layout.CANDIDATES)))
    transforms = read_json(run.path(layout.TRANSFORMS))
    candidates = tuple(_candidates(lines, grouping, metric, codes, transforms))
    clock = run.path(layout.CLOCK)
    return SearchFacts(
        n_candidates=len(candidates),
        n_failed=sum(candidate.score is None for candidate in candidates),
        n_distinct=len({candidate.fingerprint for candidate in candidates}),
        seconds=read_json(clock)["seconds"] if clock.exists() else max((c.at for c in candidates), default=0.0),
        rows=grouping.rows,
        kinds=tuple(dict.fromkeys(str(choice["layer"]) for choice in vocabulary)),
        choices=policy.choices(vocabulary, grouping),
        candidates=candidates,
        random=tuple(line["metrics"].get(metric) for line in read_lines(run.path(layout.RANDOM_SEARCH))),
        resumes=tuple(line["n_candidates"] for line in read_lines(run.path(layout.SESSIONS)))[1:],
    )


def _candidates(
    lines: list[dict[str, Any]],
    grouping: policy.Grouping,
    metric: str,
    codes: Mapping[str, int],
    transforms: dict[str, Any],
) -> Iterable[CandidateFacts]:
    best, front = -math.inf, outcome.front([(line["parameters"], line["score"]) for line in lines])
    for place, line in enumerate(lines):
        score = line["score"]
        is_best = score is not None and score > best
        best = score if is_best else best
        yield CandidateFacts(
            number=line["number"],
            round=line["round"],
            agent=line["agent"],
            fingerprint=line["fingerprint"],
            title=" › ".join(map(words.layer, line["architecture"])),
            architecture=tuple(line["architecture"]),
            codes=tuple(codes.get(json.dumps(layer, sort_keys=True), -1) for layer in line["architecture"]),
            score=score,
            value=line["metrics"].get(metric) if score is not None else None,
            reward=line.get("reward"),
            metrics=line["metrics"],
            parameters=line["parameters"],
            flops=line["flops"] or _flops(line["architecture"], transforms),
            epochs=line["epochs"],
            share=line["share"],
            seconds=round(sum(line["seconds"].values()), 3),
            error=line["error"],
            at=line["at"],
            is_best=is_best,
            is_on_front=place in front,
            thoughts=policy.thoughts(line.get("probabilities"), grouping),
            policy=policy.shares(line.get("probabilities"), grouping),
            certainty=policy.certainty(line.get("probabilities"), grouping),
        )


def _flops(architecture: list[dict[str, Any]], transforms: dict[str, Any]) -> int:
    """Operations for one row, where the ledger does not tell them."""
    return int(describe_model(Architecture.from_json(architecture), transforms)["flops"])


def _winner(run: Run, search: SearchFacts) -> WinnerFacts:
    winner = read_json(run.path(layout.ARCHITECTURE))
    candidate = winner.get("candidate", winner["fingerprint"])
    number = next((c.number for c in search.candidates if c.fingerprint == candidate), None)
    layers = tuple(
        _layer(layer, winner["parameters"], earned)
        for layer, earned in zip(winner["layers"], _earned(winner["layers"], search), strict=True)
    )
    metrics = read_json(run.path(layout.METRICS))
    n_copies, others = metrics["folds"], tuple(metrics.get("others", ()))
    return WinnerFacts(winner["fingerprint"], number, winner["parameters"], winner["flops"], layers, n_copies, others)


def _earned(layers: list[dict[str, Any]], search: SearchFacts) -> list[float | None]:
    """Of each layer (stem and head are none), what the reward rose by when it was added to those before it."""
    rewards = {json.dumps(c.architecture, sort_keys=True): c.reward for c in search.candidates}
    inside = [{"layer": layer["layer"], **layer["params"]} for layer in layers[1:-1]]
    after = [rewards.get(json.dumps(inside[:n], sort_keys=True)) for n in range(1, len(inside) + 1)]
    gains = [b - a if a is not None and b is not None else None for a, b in pairwise(after)]
    return [None] * (len(layers) - len(gains) - 1) + gains + [None]


def _layer(layer: dict[str, Any], parameters: int, earned: float | None) -> LayerFacts:
    return LayerFacts(
        kind=layer["layer"],
        title=words.layer({"layer": layer["layer"], **layer["params"]}),
        params=layer["params"],
        output_shape=tuple(layer["output_shape"]),
        parameters=layer["parameters"],
        flops=layer["flops"],
        share=layer["parameters"] / parameters if parameters else 0.0,
        earned=earned,
    )


def _training(run: Run) -> TrainingFacts:
    with run.path(layout.HISTORY).open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    epochs = tuple(tuple(map(_number, row)) for row in rows)
    loss = header.index("valid_loss")
    measured = [(row[loss], row[header.index("epoch")]) for row in epochs if row[loss] is not None]
    best = min(measured, default=(None, None), key=lambda pair: pair[0] or 0.0)[1]
    finalists = tuple(read_json(run.path(layout.METRICS))["finalists"])
    return TrainingFacts(tuple(header), epochs, int(best) if best is not None else None, finalists)


def _number(text: str) -> float | None:
    value = float(text) if text else math.nan
    return value if math.isfinite(value) else None


def _test(run: Run, metric: MetricFacts, job: dict[str, Any]) -> tuple[TestFacts, Interval | None]:
    metrics = read_json(run.path(layout.METRICS))
    value = metrics["test"].get(metric.name)
    rivals = {name: figures.get(metric.name) for name, figures in metrics["baselines"].items()}
    if metrics.get("random"):
        rivals["random"] = (metrics["random"]["test"] or {}).get(metric.name)
    known = {name: figure for name, figure in rivals.items() if figure is not None}
    details = metrics.get("details") or {}
    target = read_json(run.path(layout.TRANSFORMS))["target"]
    resamples = _resamples(run, metrics["task"], target, metric.name)
    interval = resamples.own()
    importance = tuple(_importance(run.path(layout.IMPORTANCE)))
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
        mistakes=_mistakes(run, [each["column"] for each in importance]) if shows_rows else None,
        importance=importance,
        details=details,
    ), interval


def _resamples(run: Run, task: str, target: dict[str, Any], metric: str) -> bootstrap.Resamples:
    path = run.path(layout.TEST_OUTPUTS)
    if not path.exists():
        return bootstrap.Resamples({})
    with np.load(path) as saved:
        outputs = dict(saved)
    truth = np.load(run.path(layout.ARRAYS) / "test_target.npy", mmap_mode="r")[outputs.pop("rows")]
    return bootstrap.resample(figures_of(task), target, metric, truth, outputs)


def _positive(target: dict[str, Any]) -> str | None:
    code = target.get("positive")
    return None if code is None else str(target["classes"][code])


def _mistakes(run: Run, important: list[str]) -> rows.MistakeFacts | None:
    return rows.mistakes(run.path(layout.PREDICTIONS), run.path(layout.TEST_ROWS), important)


def _importance(path: Path) -> list[dict[str, Any]]:
    return read_json(path) if path.exists() else []


def _export(run: Run, stage: StageFacts) -> ExportFacts:
    def read(part: str) -> Any:
        return read_json(run.path(part)) if run.path(part).exists() else None

    return ExportFacts(stage.files, read(layout.AGREEMENT), read(layout.MANIFEST))
