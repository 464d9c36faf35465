"""The stage train: the best architectures trained in full, the winner measured beside the baselines."""

from __future__ import annotations

import csv
import io
import logging
import time
from collections import Counter
from typing import Any

import numpy as np

from nas_core.data.folds import Fold, count_judges, make_folds, set_aside
from nas_core.data.prepared import Prepared, Split
from nas_core.envs.reward import price
from nas_core.envs.settings import EnvSettings
from nas_core.errors import CandidateError
from nas_core.evaluation.final_plan import best_rate, plan_finals
from nas_core.evaluation.finalists import Finalist, FinalTraining
from nas_core.evaluation.ledger import Ledger
from nas_core.job import Job
from nas_core.runs import layout
from nas_core.runs.records import write_json, write_text
from nas_core.runs.run import Run
from nas_core.search.clock import training_seconds
from nas_core.search.rungs import finalists as best_candidates
from nas_core.search.settings import SearchSettings
from nas_core.search.spaces import make_space
from nas_core.space.settings import SpaceSettings
from nas_core.tasks.registry import load_part
from nas_core.training.ablation import measure_ablation
from nas_core.training.attention import measure_attention
from nas_core.training.baselines import baseline_outputs
from nas_core.training.feed import has_pictures
from nas_core.training.fit import predict
from nas_core.training.importance import measure_importance
from nas_core.training.judge import Verdict, judge, judge_folds
from nas_core.training.model import average_models, calibrated, copies_of_weights, write_weights
from nas_core.training.pace import Epoch, Plan, default_learning_rate
from nas_core.training.quiet import quiet_tensorflow
from nas_core.training.settings import TrainingSettings
from nas_core.training.summary import describe_model

log = logging.getLogger("nas")

NEEDS = ("prepare", "search")
SETTINGS = (TrainingSettings, SearchSettings, EnvSettings, SpaceSettings, "folds")

PATIENCE = 12  # epochs without a better validation loss before the step size falls
OVERHEAD_SECONDS = 8.0  # of the time left, for what comes after the fits: measuring, saving
LINEAR_COPIES = 3  # at most, beside one network
IMPORTANCE_SECONDS = 4.0
ABLATION_SECONDS = 3.0
MAX_OUTPUTS = 20_000  # rows
MAX_SHEET_WEIGHTS = 30_000


def work(job: Job, run: Run) -> dict[str, Any]:
    """Train the finalists within what the search left of the budget; measure the best on the test rows.

    Raises:
        JobError: none of the finalists could be trained.
    """
    quiet_tensorflow()
    data = Prepared(run)
    finished = run.path("search").joinpath(layout.DONE).stat().st_mtime
    deadline = time.monotonic() + training_seconds(job, run.path(layout.CLOCK), finished) - OVERHEAD_SECONDS
    import keras  # noqa: F401 (its import, of seconds, belongs to the budget)

    ledger = Ledger(run.path(layout.CANDIDATES))
    candidates = [entry.evaluation for entry in best_candidates(run, len(ledger))]
    rate = best_rate(entry.evaluation for entry in ledger)
    wanted, left = (job.folds, job.n_finalists), deadline - time.monotonic()
    finals = plan_finals(data, make_space(data, job), wanted, candidates, left, rate)
    folds = make_folds(data, finals.n_folds)
    learning_rate = job.learning_rate or default_learning_rate(has_pictures(data.split("train")))
    plan = Plan(job.epochs, job.batch_size, learning_rate, patience=PATIENCE, thaws=True)
    training = FinalTraining(data, folds, plan, job.seed)
    finalists = training.train_best(finals, deadline)
    size_penalty = job.priced_for(count_judges(data, len(folds))).size_penalty
    members = _with_linear([_winner(finalists, size_penalty)], training.train_linear(LINEAR_COPIES), data, folds)
    if len(members) <= LINEAR_COPIES:  # else further networks would take from the linear model what it has won
        members = _ensemble(members, finalists, data, folds, size_penalty, job.max_parameters)
    mean = average_models([model for member in members for model in member.models])
    calibration = _calibrate(mean, members, data, folds)
    model = calibrated(mean, data.transforms, calibration)
    outputs, said = baseline_outputs(data), predict(model, data.split("test"))
    metrics = _measure(said, members, finalists, data, folds, outputs)
    about = load_part(data.schema["task"], "target", "calibration")
    metrics["details"]["calibrated"] = about.figures(
        data.transforms["target"], calibration, data.split("test").target, (predict(mean, data.split("test")), said)
    )
    metrics["random"] = _random_search(run, training, 60 * job.budget_minutes / 4, outputs)
    _write(run, model, members, metrics, data)
    write_json(run.path(layout.CALIBRATION), calibration)
    _write_weights(run, mean)
    _write_predictions(run, data, data.split("test"), said, calibration)
    _write_outputs(run, {"network": said, **outputs})
    write_json(run.path(layout.IMPORTANCE), measure_importance(model, data, IMPORTANCE_SECONDS))
    ablation = measure_ablation(members[0].models, members[0].architecture, data, ABLATION_SECONDS)
    write_json(run.path(layout.ABLATION), ablation)
    if attention := measure_attention(members[0].models, data, said):
        write_weights(attention, run.path(layout.ATTENTION))
    _say(metrics)
    log.info("%s", about.describe(data.transforms["target"], metrics["details"]["calibrated"]))
    return {"test": metrics["test"], "winner": metrics["winner"], "n_finalists": len(finalists)}


def _winner(finalists: list[Finalist], size_penalty: float) -> Finalist:
    """The highest score less the price of its size, as in the search, or the smallest within a standard error of it."""
    best = max(finalists, key=lambda f: f.verdict.score - price(f.parameters, size_penalty))
    near = [f for f in finalists if f.verdict.score >= best.verdict.score - best.verdict.error]
    return min(near, key=lambda f: f.parameters)


def _with_linear(members: list[Finalist], linear: list[Finalist], data: Prepared, folds: list[Fold]) -> list[Finalist]:
    """Also the linear model, as often as the mean is within a standard error of the best such mean.

    Networks look better than they are to the rows by which they and their best epochs were chosen; the linear model,
    of which nothing was chosen, does not, so it need not win.
    """
    means = [members + linear[:n] for n in range(len(linear) + 1)]
    verdicts = [_judge_mean(mean, data, folds) for mean in means]
    best = max(verdicts, key=lambda verdict: verdict.score)
    return [m for m, own in zip(means, verdicts, strict=True) if own.score >= best.score - best.error][-1]


def _ensemble(
    members: list[Finalist],
    finalists: list[Finalist],
    data: Prepared,
    folds: list[Fold],
    size_penalty: float,
    max_parameters: int,
) -> list[Finalist]:
    """The `members`, and those finalists with which the mean of all is better, as long as it is worth its size.

    One after the other the one that helps most (Caruana et al., "Ensemble selection from libraries of models", 2004),
    none by which all networks of all folds would have more than `max_parameters`.
    """

    def worth(members: list[Finalist]) -> float:
        score = _judge_mean(members, data, folds).score
        return score - price(_count_parameters(members), size_penalty)

    best = worth(members)
    while larger := [[*members, finalist] for finalist in finalists if finalist not in members]:
        fitting = [each for each in larger if len(folds) * _count_parameters(each) <= max_parameters]
        more = max(fitting, key=worth, default=members)
        if worth(more) <= best:
            break
        members, best = more, worth(more)
    return members


def _count_parameters(members: list[Finalist]) -> int:
    """Of the networks of one fold."""
    return sum(member.parameters for member in members)


def _judge_mean(members: list[Finalist], data: Prepared, folds: list[Fold]) -> Verdict:
    """What the rows held out say of the mean of `members`."""
    return judge_folds(data, folds, _mean_outputs(members))


def _mean_outputs(members: list[Finalist]) -> list[np.ndarray]:
    """The mean of what `members` say of the rows held out, fold by fold."""
    return [np.mean(outputs, 0) for outputs in zip(*(member.outputs for member in members), strict=True)]


def _calibrate(mean: Any, members: list[Finalist], data: Prepared, folds: list[Fold]) -> dict[str, Any]:
    """What rows that the network did not learn from tell of its outputs.

    They are those set aside, by which nothing was chosen; with several folds all rows, each as said of it by the
    networks of the other folds.
    """
    if len(folds) == 1:
        aside = set_aside(data)
        truth, output = aside.target, predict(mean, aside)
    else:
        truth, output = np.concatenate([fold.valid.target for fold in folds]), np.concatenate(_mean_outputs(members))
    part = load_part(data.schema["task"], "target", "calibration")
    found: dict[str, Any] = part.fit(data.transforms["target"], truth, output)
    return found


def _measure(
    output: np.ndarray,
    members: list[Finalist],
    finalists: list[Finalist],
    data: Prepared,
    folds: list[Fold],
    baselines: dict[str, np.ndarray],
) -> dict[str, Any]:
    """The content of ``metrics.json``; the mean of `members` gives the `output` on the test rows, as `baselines` do."""
    test = data.split("test")
    return {
        "task": data.schema["task"],
        "metric": data.schema["metric"],
        "test": judge(data, test.target, output)[0],
        "valid": _judge_mean(members, data, folds).figures,
        "baselines": {name: judge(data, test.target, baseline)[0] for name, baseline in baselines.items()},
        "winner": members[0].architecture.fingerprint,
        "others": _counted([str(member.architecture) for member in members[1:]]),
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


def _counted(names: list[str]) -> list[str]:
    """Each name once, with how often it is there."""
    return [f"{n} × {name}" if n > 1 else name for name, n in Counter(names).items()]


def _random_search(
    run: Run, training: FinalTraining, seconds: float, outputs: dict[str, np.ndarray]
) -> dict[str, Any] | None:
    """What random search would have given: its best network trained like a finalist; None when it was not asked for.

    What that says of the test rows joins `outputs`.
    """
    path = run.path(layout.RANDOM_SEARCH)
    if not path.exists():
        return None
    ledger = Ledger(path)
    best, found = ledger.best(), {"n": len(ledger), "score": None, "test": None}
    if not best:
        return found
    try:
        finalist = training.train(best[0].evaluation.architecture, seconds)
    except CandidateError:
        return found
    test = training.data.split("test")
    outputs["random"] = predict(average_models(finalist.models), test)
    figures, _ = judge(training.data, test.target, outputs["random"])
    return found | {"score": finalist.verdict.score, "test": figures}


def _write(run: Run, model: Any, members: list[Finalist], metrics: dict[str, Any], data: Prepared) -> None:
    """Model, architecture, history and metrics as files."""
    winner = members[0]
    model.save(run.path(layout.MODEL))  # it was never compiled: whoever loads it needs no loss of ours
    described = describe_model(winner.architecture, data.transforms)
    others = [member.architecture.to_json() for member in members[1:]]
    write_json(run.path(layout.ARCHITECTURE), described | {"candidate": winner.candidate, "others": others})
    write_text(run.path(layout.HISTORY), _csv(winner.history))
    write_json(run.path(layout.METRICS), metrics)


def _write_weights(run: Run, model: Any) -> None:
    """The weights of a model that is small enough for a spreadsheet, of each network that it is the mean of."""
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


def _write_predictions(run: Run, data: Prepared, test: Split, output: np.ndarray, calibration: dict[str, Any]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    encode = load_part(data.schema["task"], "target", "encode")
    target = data.transforms["target"]
    truth = encode.truth(target, test.target)
    said = encode.decode(target, output, calibration)
    parquet.write_table(pa.table({"truth": truth} | said), run.path(layout.PREDICTIONS))


def _say(metrics: dict[str, Any]) -> None:
    metric = metrics["metric"]
    log.info("Test %s: %.4f", metric, metrics["test"][metric])
    for name, figures in metrics["baselines"].items():
        log.info("  %s: %.4f", name, figures[metric])
