"""The stage train: the best architectures trained in full, the winner measured beside the baselines."""

from __future__ import annotations

import csv
import io
import logging
import math
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from nas_core.data.folds import Fold, count_folds, count_judges, make_folds
from nas_core.data.prepared import Prepared, Split
from nas_core.envs.reward import price
from nas_core.envs.settings import EnvSettings
from nas_core.errors import CandidateError, JobError
from nas_core.evaluation.bank import Bank, Member
from nas_core.evaluation.ledger import Entry, Ledger
from nas_core.job import Job
from nas_core.runs import layout
from nas_core.runs.records import write_json, write_text
from nas_core.runs.run import Run
from nas_core.search.clock import training_seconds
from nas_core.search.settings import SearchSettings
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.build import shape_behind
from nas_core.space.layer import Shape
from nas_core.tasks.registry import load_part
from nas_core.training.baselines import baseline_outputs
from nas_core.training.fit import DIVERGED, fit_folds, predict
from nas_core.training.importance import measure_importance
from nas_core.training.judge import Verdict, judge, judge_folds
from nas_core.training.model import average_models, build_model, copies_of_weights, ends, set_weights, write_weights
from nas_core.training.pace import Epoch, Plan
from nas_core.training.quiet import quiet_tensorflow
from nas_core.training.settings import TrainingSettings
from nas_core.training.summary import describe_model

log = logging.getLogger("nas")

NEEDS = ("prepare", "search")
SETTINGS = (TrainingSettings, SearchSettings, EnvSettings, "folds")

PATIENCE = 12  # epochs without a better validation loss before the step size falls
OVERHEAD_SECONDS = 6.0  # of the time left, for what comes after the fits: measuring, saving
IMPORTANCE_SECONDS = 4.0
LEAST_SECONDS = 5.0  # for a finalist; with less, one that is not the first is left out
MAX_OUTPUTS = 20_000  # rows
MAX_SHEET_WEIGHTS = 30_000
MEMBERS = Choice.of("members", count=8)  # before the best candidate: an ensemble in one network
MEMBERS_SHARE = 0.75  # of the time for all finalists


@dataclass(frozen=True)
class Finalist:
    """An architecture trained in full: its model, its history, what the rows held out say, the trainable weights.

    With several folds the model is the mean of the networks of all folds (bagging, Breiman 1996), the history their
    mean, and each row was judged by the network that had not learned from it.
    """

    architecture: Architecture
    model: Any
    history: list[Epoch]
    verdict: Verdict
    parameters: int

    @property
    def candidate(self) -> str:
        """The fingerprint of the candidate that it comes from, which had no members."""
        own = self.architecture.choices
        return Architecture(own[1:] if own[0] == MEMBERS else own).fingerprint


def work(job: Job, run: Run) -> dict[str, Any]:
    """Train the finalists within what the search left of the budget; measure the best on the test rows.

    Raises:
        JobError: none of the finalists could be trained.
    """
    quiet_tensorflow()
    data = Prepared(run)
    finished = run.path("search").joinpath(layout.DONE).stat().st_mtime
    deadline = time.monotonic() + training_seconds(job, run.path(layout.CLOCK), finished) - OVERHEAD_SECONDS
    import keras  # noqa: F401 (its import of 8 s belongs to the budget)

    entries = Ledger(run.path(layout.CANDIDATES)).finalists(job.n_finalists or min(8, max(2, count_cores())))
    folds = make_folds(data, count_folds(data, job.folds))
    finalists = _train_finalists(entries, data, folds, job, deadline)
    winner = _winner(finalists, job.priced_for(count_judges(data, len(folds))).size_penalty)
    outputs = baseline_outputs(data)
    metrics = _measure(winner, finalists, data, outputs)
    metrics["folds"] = len(folds)
    metrics["random"] = _random_search(job, run, data, folds, outputs)
    _write(run, winner, metrics, data)
    _write_outputs(run, {"network": predict(winner.model, data.split("test")), **outputs})
    write_json(run.path(layout.IMPORTANCE), measure_importance(winner.model, data, IMPORTANCE_SECONDS))
    _say(metrics)
    return {"test": metrics["test"], "winner": metrics["winner"], "n_finalists": len(finalists)}


def _winner(finalists: list[Finalist], size_penalty: float) -> Finalist:
    """The highest score less the price of its size, as in the search, or the smallest within a standard error of it."""
    best = max(finalists, key=lambda f: f.verdict.score - price(f.parameters, size_penalty))
    near = [f for f in finalists if f.verdict.score >= best.verdict.score - best.verdict.error]
    return min(near, key=lambda f: f.parameters)


def _train_finalists(
    entries: list[Entry], data: Prepared, folds: list[Fold], job: Job, deadline: float
) -> list[Finalist]:
    """The first of `entries` with members before it, then all as they are, as far as the time allows.

    Those go side by side where a bank holds them, then one by one what only Keras can train.
    """
    architectures = [entry.evaluation.architecture for entry in entries]
    outcomes: list[Finalist | CandidateError] = []
    for joined in _joined(architectures[:1], ends(data.transforms).shape):
        seconds = (deadline - time.monotonic()) * MEMBERS_SHARE
        outcomes.append(_outcome(_train, joined, data, folds, job, max(seconds, 1.0)))
    bank = Bank(data, folds, Plan(job.epochs, job.batch_size, job.learning_rate, patience=PATIENCE))
    banked = [architecture for architecture in architectures if bank.holds(architecture)]
    alone = [architecture for architecture in architectures if not bank.holds(architecture)]
    n_cores = count_cores()
    n_turns = -(-len(banked) // n_cores)
    turn = (deadline - time.monotonic()) / max(1, n_turns + len(alone))

    def train(architecture: Architecture) -> Finalist | CandidateError:
        seconds = max(turn, LEAST_SECONDS)
        return _outcome(partial(_train_in_bank, bank), architecture, data, folds, job, seconds)

    if turn >= LEAST_SECONDS or not _finalists(outcomes):
        with ThreadPoolExecutor(n_cores, "finalist") as threads:
            outcomes += threads.map(train, banked)
    for index, architecture in enumerate(alone):
        seconds = (deadline - time.monotonic()) / (len(alone) - index)
        if seconds < LEAST_SECONDS and _finalists(outcomes):
            break
        outcomes.append(_outcome(_train, architecture, data, folds, job, max(seconds, 1.0)))
    if not _finalists(outcomes):
        raise JobError(f"No finalist could be trained: {'; '.join(map(str, outcomes))}. Try a smaller `learning_rate`.")
    return _finalists(outcomes)


def _finalists(outcomes: list[Finalist | CandidateError]) -> list[Finalist]:
    return [outcome for outcome in outcomes if isinstance(outcome, Finalist)]


def _joined(architectures: list[Architecture], shape: Shape) -> list[Architecture]:
    """Each of `architectures` as several members of one network, where that fits behind a stem of `shape`."""
    joined = [Architecture((MEMBERS, *architecture)) for architecture in architectures]
    return [architecture for architecture in joined if shape_behind(architecture, shape)]


def _outcome(
    train: Callable[..., Finalist],
    architecture: Architecture,
    data: Prepared,
    folds: list[Fold],
    job: Job,
    seconds: float,
) -> Finalist | CandidateError:
    try:
        return train(architecture, data, folds, job, seconds)
    except CandidateError as error:
        return CandidateError(f"{architecture}: {error}")


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _train_in_bank(
    bank: Bank, architecture: Architecture, data: Prepared, folds: list[Fold], job: Job, seconds: float
) -> Finalist:
    members = [Member(architecture, fold, (job.seed, fold)) for fold in range(len(folds))]
    trained, history = bank.train_at_pace(members, seconds)
    if any(each.is_diverged for each in trained):
        raise CandidateError(DIVERGED)
    models = []
    for each in trained:
        models.append(build_model(architecture, data.transforms))
        set_weights(models[-1], each.weights)
    return _finalist(architecture, models, history, judge_folds(data, folds, [each.output for each in trained]))


def _train(architecture: Architecture, data: Prepared, folds: list[Fold], job: Job, seconds: float) -> Finalist:
    plan = Plan(job.epochs, job.batch_size, job.learning_rate, seconds, PATIENCE)
    models, histories, outputs = [], [], []
    for fitted in fit_folds(lambda _: build_model(architecture, data.transforms), data, folds, plan, job.seed):
        models.append(build_model(architecture, data.transforms))
        models[-1].set_weights(fitted.model.get_weights())
        histories.append(fitted.history)
        outputs.append(fitted.output)
    return _finalist(architecture, models, _mean_history(histories), judge_folds(data, folds, outputs))


def _finalist(architecture: Architecture, models: list[Any], history: list[Epoch], verdict: Verdict) -> Finalist:
    log.info(
        "Finalist %s: score %.4f after %d epochs, %.1f s.",
        architecture,
        verdict.score,
        history[-1]["epoch"],
        history[-1]["seconds"],
    )
    parameters = sum(math.prod(weight.shape) for weight in models[0].trainable_weights)
    return Finalist(architecture, average_models(models), history, verdict, parameters)


def _mean_history(histories: list[list[Epoch]]) -> list[Epoch]:
    """One history of several trainings: means, of those that ended early their last line, and the seconds of all."""
    longest = max(histories, key=len)
    lines = [[history[min(i, len(history) - 1)] for history in histories] for i in range(len(longest))]
    return [
        {name: float(np.mean([row[name] for row in rows])) for name in own}
        | {"epoch": own["epoch"], "seconds": sum(row["seconds"] for row in rows)}
        for own, rows in zip(longest, lines, strict=True)
    ]


def _measure(
    winner: Finalist, finalists: list[Finalist], data: Prepared, baselines: dict[str, np.ndarray]
) -> dict[str, Any]:
    """The content of ``metrics.json``; `baselines` are their outputs on the test rows."""
    test = data.split("test")
    output = predict(winner.model, test)
    return {
        "task": data.schema["task"],
        "metric": data.schema["metric"],
        "test": judge(data, test.target, output)[0],
        "valid": winner.verdict.figures,
        "baselines": {name: judge(data, test.target, baseline)[0] for name, baseline in baselines.items()},
        "winner": winner.architecture.fingerprint,
        "finalists": [
            {
                "fingerprint": f.architecture.fingerprint,
                "candidate": f.candidate,
                "score": f.verdict.score,
                "standard_error": f.verdict.error,
                "parameters": f.parameters,
                "epochs": f.history[-1]["epoch"],
                "seconds": round(f.history[-1]["seconds"], 2),
            }
            for f in finalists
        ],
        "details": load_part(data.schema["task"], "target", "figures").details(
            data.transforms["target"], test.target, output
        ),
    }


def _random_search(
    job: Job, run: Run, data: Prepared, folds: list[Fold], outputs: dict[str, np.ndarray]
) -> dict[str, Any] | None:
    """What random search would have given: its best network trained like a finalist; None when it was not asked for.

    What that says of the test rows joins `outputs`.
    """
    path = run.path(layout.RANDOM_SEARCH)
    if not path.exists():
        return None
    ledger = Ledger(path)
    best = ledger.best()
    if not best:
        return {"n": len(ledger), "score": None, "test": None}
    finalist = _train(best[0].evaluation.architecture, data, folds, job, 60 * job.budget_minutes / 4)
    test = data.split("test")
    outputs["random"] = predict(finalist.model, test)
    figures, _ = judge(data, test.target, outputs["random"])
    return {"n": len(ledger), "score": finalist.verdict.score, "test": figures}


def _write(run: Run, winner: Finalist, metrics: dict[str, Any], data: Prepared) -> None:
    """Model, architecture, history, metrics and test predictions as files."""
    winner.model.save(run.path(layout.MODEL))  # it was never compiled: whoever loads it needs no loss of ours
    described = describe_model(winner.architecture, data.transforms)
    write_json(run.path(layout.ARCHITECTURE), described | {"candidate": winner.candidate})
    write_text(run.path(layout.HISTORY), _csv(winner.history))
    _write_weights(run, winner.model)
    _write_predictions(run, data, data.split("test"), predict(winner.model, data.split("test")))
    write_json(run.path(layout.METRICS), metrics)


def _write_weights(run: Run, model: Any) -> None:
    """The weights of a network that is small enough for a spreadsheet, of each copy that it is the mean of."""
    weights = copies_of_weights(model)
    if sum(weight.size for weight in weights.values()) <= MAX_SHEET_WEIGHTS:
        write_weights(weights, run.path(layout.WEIGHTS_OF_WINNER))


def _write_outputs(run: Run, outputs: dict[str, np.ndarray]) -> None:
    """What network and rivals say of the same test rows, for the report to compare: all, or an even sample."""
    rows = np.unique(np.linspace(0, len(outputs["network"]) - 1, MAX_OUTPUTS).astype(int))
    kept = {name: output[rows].astype(np.float32) for name, output in outputs.items()}
    write_weights({"rows": rows} | kept, run.path(layout.TEST_OUTPUTS))


def _csv(rows: list[Epoch]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write_predictions(run: Run, data: Prepared, test: Split, output: np.ndarray) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    encode = load_part(data.schema["task"], "target", "encode")
    target = data.transforms["target"]
    truth = encode.truth(target, test.target)
    parquet.write_table(pa.table({"truth": truth} | encode.decode(target, output)), run.path(layout.PREDICTIONS))


def _say(metrics: dict[str, Any]) -> None:
    metric = metrics["metric"]
    log.info("Test %s: %.4f", metric, metrics["test"][metric])
    for name, figures in metrics["baselines"].items():
        log.info("  %s: %.4f", name, figures[metric])
