"""The stage train: the best architectures trained in full, the winner measured beside the baselines."""

from __future__ import annotations

import csv
import io
import logging
import math
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
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
MAX_FINALISTS = 8
MAX_OUTPUTS = 20_000  # rows
MAX_SHEET_WEIGHTS = 30_000
MEMBERS = Choice.of("members", count=8)  # before the best candidate: an ensemble in one network
MEMBERS_SHARE = 0.75  # of the time for all finalists


@dataclass(frozen=True, eq=False)
class Finalist:
    """An architecture trained in full: a model a fold, their mean history, the trainable weights of one.

    With several folds the network is the mean of those of all folds (bagging, Breiman 1996). `outputs` are what each
    says of the rows held out from it, `verdict` what they say of the finalist.
    """

    architecture: Architecture
    models: list[Any]
    history: list[Epoch]
    outputs: list[np.ndarray]
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

    entries = Ledger(run.path(layout.CANDIDATES)).finalists(job.n_finalists or MAX_FINALISTS)
    folds = make_folds(data, count_folds(data, job.folds))
    finalists = _train_finalists(entries, data, folds, job, deadline)
    size_penalty = job.priced_for(count_judges(data, len(folds))).size_penalty
    members = _ensemble(_winner(finalists, size_penalty), finalists, data, folds, size_penalty)
    model = average_models([model for member in members for model in member.models])
    outputs = baseline_outputs(data)
    metrics = _measure(model, members, finalists, data, folds, outputs)
    metrics["random"] = _random_search(job, run, data, folds, outputs)
    _write(run, model, members, metrics, data)
    _write_outputs(run, {"network": predict(model, data.split("test")), **outputs})
    write_json(run.path(layout.IMPORTANCE), measure_importance(model, data, IMPORTANCE_SECONDS))
    _say(metrics)
    return {"test": metrics["test"], "winner": metrics["winner"], "n_finalists": len(finalists)}


def _winner(finalists: list[Finalist], size_penalty: float) -> Finalist:
    """The highest score less the price of its size, as in the search, or the smallest within a standard error of it."""
    best = max(finalists, key=lambda f: f.verdict.score - price(f.parameters, size_penalty))
    near = [f for f in finalists if f.verdict.score >= best.verdict.score - best.verdict.error]
    return min(near, key=lambda f: f.parameters)


def _ensemble(
    winner: Finalist, finalists: list[Finalist], data: Prepared, folds: list[Fold], size_penalty: float
) -> list[Finalist]:
    """The winner, and those finalists with which the mean of all is better, as long as it is worth its size.

    One after the other the one that helps most (Caruana et al., "Ensemble selection from libraries of models", 2004).
    """

    def worth(members: list[Finalist]) -> float:
        score = _judge_mean(members, data, folds).score
        return score - price(sum(member.parameters for member in members), size_penalty)

    members, best = [winner], worth([winner])
    while rest := [finalist for finalist in finalists if finalist not in members]:
        more = max(([*members, finalist] for finalist in rest), key=worth)
        if worth(more) <= best:
            break
        members, best = more, worth(more)
    return members


def _judge_mean(members: list[Finalist], data: Prepared, folds: list[Fold]) -> Verdict:
    """What the rows held out say of the mean of `members`."""
    by_fold = zip(*(member.outputs for member in members), strict=True)
    return judge_folds(data, folds, [np.mean(outputs, 0) for outputs in by_fold])


def _train_finalists(
    entries: list[Entry], data: Prepared, folds: list[Fold], job: Job, deadline: float
) -> list[Finalist]:
    """The first of `entries` with members before it, and beside it as many as they are as the time allows."""
    bank = Bank(data, folds, Plan(job.epochs, job.batch_size, job.learning_rate, patience=PATIENCE))
    train, n_cores = partial(_train, bank, data, folds, job), count_cores()
    architectures = [entry.evaluation.architecture for entry in entries]
    with ThreadPoolExecutor(1, "members") as aside:
        seconds = (deadline - time.monotonic()) * (1 if n_cores > 1 else MEMBERS_SHARE)
        shape = ends(data.transforms).shape
        joined = [aside.submit(train, seconds, each) for each in _joined(architectures[:1], shape)]
        if n_cores == 1:
            wait(joined)
        outcomes = _train_in_turns(train, bank, architectures, max(1, n_cores - len(joined)), deadline)
        outcomes += [each.result() for each in joined]
    finalists = [outcome for outcome in outcomes if isinstance(outcome, Finalist)]
    if not finalists:
        raise JobError(f"No finalist could be trained: {'; '.join(map(str, outcomes))}. Try a smaller `learning_rate`.")
    return finalists


def _train_in_turns(
    train: Callable[[float, Architecture], Finalist | CandidateError],
    bank: Bank,
    rest: list[Architecture],
    n_cores: int,
    deadline: float,
) -> list[Finalist | CandidateError]:
    """As many of `rest` as the time allows, at least one turn."""
    outcomes, took = list[Finalist | CandidateError](), 0.0
    while rest:
        began = time.monotonic()
        if outcomes and deadline - began < max(LEAST_SECONDS, took / 2):
            break
        # What the bank holds goes side by side; those that only Keras can train share the time.
        is_banked = bank.holds(rest[0])
        turn = [architecture for architecture in rest if bank.holds(architecture)][:n_cores] if is_banked else rest[:1]
        seconds = max((deadline - began) / (1 if is_banked else len(rest)), LEAST_SECONDS)
        with ThreadPoolExecutor(len(turn), "finalist") as threads:
            outcomes += threads.map(partial(train, seconds), turn)
        rest = [architecture for architecture in rest if architecture not in turn]
        took = time.monotonic() - began
    return outcomes


def _joined(architectures: list[Architecture], shape: Shape) -> list[Architecture]:
    """Each of `architectures` as several members of one network, where that fits behind a stem of `shape`."""
    joined = [Architecture((MEMBERS, *architecture)) for architecture in architectures]
    return [architecture for architecture in joined if shape_behind(architecture, shape)]


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


def _train(
    bank: Bank, data: Prepared, folds: list[Fold], job: Job, seconds: float, architecture: Architecture
) -> Finalist | CandidateError:
    """`architecture` on all folds, in the bank where it can, else through Keras."""
    try:
        fitted = _fit_in_bank if bank.holds(architecture) else _fit_in_keras
        models, history, outputs = fitted(bank, data, folds, job, seconds, architecture)
    except CandidateError as error:
        return CandidateError(f"{architecture}: {error}")
    verdict, last = judge_folds(data, folds, outputs), history[-1]
    log.info(
        "Finalist %s: score %.4f after %d epochs, %.1f s.", architecture, verdict.score, last["epoch"], last["seconds"]
    )
    parameters = sum(math.prod(weight.shape) for weight in models[0].trainable_weights)
    return Finalist(architecture, models, history, outputs, verdict, parameters)


Fits = tuple[list[Any], list[Epoch], list[np.ndarray]]  # models, history, outputs on the rows held out


def _fit_in_bank(
    bank: Bank, data: Prepared, folds: list[Fold], job: Job, seconds: float, architecture: Architecture
) -> Fits:
    members = [Member(architecture, fold, (job.seed, fold)) for fold in range(len(folds))]
    trained, history = bank.train_at_pace(members, seconds)
    if any(each.is_diverged for each in trained):
        raise CandidateError(DIVERGED)
    models = [_build(architecture, data, fold) for fold in range(len(folds))]
    for model, each in zip(models, trained, strict=True):
        set_weights(model, each.weights)
    return models, history, [each.output for each in trained]


def _build(architecture: Architecture, data: Prepared, fold: int) -> Any:
    # The names that Keras gives are different in one thread only.
    return build_model(architecture, data.transforms, name=f"network_{architecture.fingerprint}_{fold}")


def _fit_in_keras(
    bank: Bank,  # noqa: ARG001 (the signature of both)
    data: Prepared,
    folds: list[Fold],
    job: Job,
    seconds: float,
    architecture: Architecture,
) -> Fits:
    plan = Plan(job.epochs, job.batch_size, job.learning_rate, seconds, PATIENCE)
    models, histories, outputs = list[Any](), [], []
    for fitted in fit_folds(lambda _: build_model(architecture, data.transforms), data, folds, plan, job.seed):
        models.append(_build(architecture, data, len(models)))
        models[-1].set_weights(fitted.model.get_weights())
        histories.append(fitted.history)
        outputs.append(fitted.output)
    return models, _mean_history(histories), outputs


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
    model: Any,
    members: list[Finalist],
    finalists: list[Finalist],
    data: Prepared,
    folds: list[Fold],
    baselines: dict[str, np.ndarray],
) -> dict[str, Any]:
    """The content of ``metrics.json``; `model` is the mean of `members`, `baselines` are outputs on the test rows."""
    test = data.split("test")
    output = predict(model, test)
    return {
        "task": data.schema["task"],
        "metric": data.schema["metric"],
        "test": judge(data, test.target, output)[0],
        "valid": _judge_mean(members, data, folds).figures,
        "baselines": {name: judge(data, test.target, baseline)[0] for name, baseline in baselines.items()},
        "winner": members[0].architecture.fingerprint,
        "others": [str(member.architecture) for member in members[1:]],
        "folds": len(folds),
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
    bank = Bank(data, folds, Plan(job.epochs, job.batch_size, job.learning_rate, patience=PATIENCE))
    architecture, seconds = best[0].evaluation.architecture, 60 * job.budget_minutes / 4
    finalist = _train(bank, data, folds, job, seconds, architecture)
    if isinstance(finalist, CandidateError):
        return {"n": len(ledger), "score": None, "test": None}
    test = data.split("test")
    outputs["random"] = predict(average_models(finalist.models), test)
    figures, _ = judge(data, test.target, outputs["random"])
    return {"n": len(ledger), "score": finalist.verdict.score, "test": figures}


def _write(run: Run, model: Any, members: list[Finalist], metrics: dict[str, Any], data: Prepared) -> None:
    """Model, architecture, history, metrics and test predictions as files."""
    winner = members[0]
    model.save(run.path(layout.MODEL))  # it was never compiled: whoever loads it needs no loss of ours
    described = describe_model(winner.architecture, data.transforms)
    write_json(run.path(layout.ARCHITECTURE), described | {"candidate": winner.candidate})
    write_text(run.path(layout.HISTORY), _csv(winner.history))
    if len(members) == 1:
        _write_weights(run, model)
    _write_predictions(run, data, data.split("test"), predict(model, data.split("test")))
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
