"""What each ingredient of the networks of tables is worth: one network, trained with one thing changed a line.

The network is the one that a search begins with, trained like a finalist for so many seconds of one processor; its
probabilities are not calibrated. The reasons for each ingredient stand in the module that holds it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nas_core.data.folds import count_folds, make_folds
from nas_core.data.prepared import Prepared
from nas_core.evaluation.final_plan import MEMBERS
from nas_core.evaluation.finalists import Finalist, FinalTraining
from nas_core.job import job_json, parse_job
from nas_core.runs.run import create_run
from nas_core.space.architecture import Architecture, Choice
from nas_core.stage import execute
from nas_core.targets.labels import head
from nas_core.tasks.registry import load_task
from nas_core.training import fit, pace
from nas_core.training.fit import predict
from nas_core.training.judge import judge
from nas_core.training.model import average_models
from nas_core.training.pace import Plan

PATIENCE = 12  # as in the stage train


@dataclass(frozen=True)
class Change:
    """What a line does differently: fields of the `job`, the `network`, `constants` (module, name, value)."""

    title: str
    job: dict[str, str] = field(default_factory=dict)
    network: tuple[Choice, ...] = ()
    constants: tuple[tuple[Any, str, float], ...] = ()


def _dense(activation: str) -> Choice:
    return Choice.of("dense", units=128, activation=activation)


def _network(activation: str) -> tuple[Choice, ...]:
    return _dense(activation), Choice.of("dropout", rate=0.1), _dense(activation)


PLAIN = _network("relu")
GATE, BLOCK = Choice.of("gate"), Choice.of("residual", activation="relu")
CHANGES = (
    Change("as it is"),
    Change("numbers scaled only", job={"numbers": "plain"}),
    Change("waves in place of bins", job={"numbers": "waves"}),
    Change("bins and waves", job={"numbers": "both"}),
    Change("parametric activation (prelu)", network=_network("prelu")),
    Change("silu", network=_network("silu")),
    Change("a gate before the network", network=(GATE, *PLAIN)),
    Change("a gate behind each layer", network=(_dense("relu"), GATE, *PLAIN[1:], GATE)),
    Change("pre-norm residual blocks", network=(_dense("relu"), BLOCK, BLOCK)),
    Change("no dropout", network=(PLAIN[0], PLAIN[2])),
    Change("eight members in one network", network=(MEMBERS[8], *PLAIN)),
    Change("no weight decay", constants=((fit, "WEIGHT_DECAY", 0.0),)),
    Change("weight decay ten times", constants=((fit, "WEIGHT_DECAY", 1.0),)),
    Change("no label smoothing", constants=((head, "MAX_SMOOTHING", 0.0),)),
    Change("step size that never falls", constants=((pace, "TAIL", 1e-9), (pace, "DROP", 1.0))),
    Change("class weights", job={"class_weights": "balanced"}),
    Change("learned on a logarithmic scale", job={"target_scale": "log"}),
)


def ablate(fields: dict[str, Any], folder: Path, seeds: Sequence[int], seconds: float) -> Iterator[tuple[str, str]]:
    """Each change with the mean figures that it gives on the test rows (and their deviation), and in validation.

    Args:
        fields: of a job without a root.
        folder: where runs are prepared.
        seeds: of the trainings.
        seconds: of one processor, for each training.
    """
    pace.time = SimpleNamespace(perf_counter=time.process_time)  # type: ignore[attr-defined]
    for number, change in enumerate(CHANGES):
        data = _prepare(fields | change.job, folder / str(number))
        if not _applies(change, data):
            continue
        with _changed(change.constants):
            found = [_measure(data, change.network or PLAIN, seed, seconds) for seed in seeds]
        yield change.title, "  ".join(_summary(name, [each[name] for each in found]) for name in found[0])


def _prepare(fields: dict[str, Any], folder: Path) -> Prepared:
    folder.mkdir()
    run = create_run(str(folder), "ablation", job_json(parse_job(fields)), "1")
    execute("prepare", run)
    return Prepared(run)


def _applies(change: Change, data: Prepared) -> bool:
    """Whether the change is one for data of this target."""
    is_of_labels = "class_weights" in change.job or any(module is head for module, *_ in change.constants)
    is_of_values = "target_scale" in change.job
    target = load_task(data.schema["task"]).target
    return not (is_of_labels and target != "labels") and not (is_of_values and target != "values")


@contextmanager
def _changed(constants: Sequence[tuple[Any, str, float]]) -> Iterator[None]:
    before = [(module, name, getattr(module, name)) for module, name, _ in constants]
    for module, name, value in constants:
        setattr(module, name, value)
    yield
    for module, name, value in before:
        setattr(module, name, value)


def _measure(data: Prepared, network: tuple[Choice, ...], seed: int, seconds: float) -> dict[str, float]:
    folds = make_folds(data, count_folds(data, 0))
    training = FinalTraining(data, folds, Plan(200, patience=PATIENCE), seed)
    finalist = training.train(Architecture(network), seconds)
    test = data.split("test")
    output = predict(average_models(finalist.models), test)
    figures, _ = judge(data, test.target, output)
    return {"score": finalist.verdict.score, **figures, "epochs": _epochs(finalist)}


def _epochs(finalist: Finalist) -> float:
    return finalist.history[-1]["epoch"]


def _summary(name: str, values: list[float]) -> str:
    spread = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
    return f"{name} {statistics.mean(values):.5g}{spread}"
