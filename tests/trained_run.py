"""A run in which prepare and train are done: tiny data with holes and words, and a real Keras model."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.records import write_json
from nas_core.runs.run import Run, create_run
from nas_core.space.architecture import Architecture, Choice
from nas_core.tasks.registry import load_part, load_task
from nas_core.training.model import build_model, calibrated

ARCHITECTURE = Architecture((Choice.of("dense", units=32, activation="relu"),))
N_TEST = 100
FEATURES = {
    "tabular_classification": {"x": "numeric", "y": "numeric", "colour": "categorical", "member": "boolean"},
    "tabular_regression": {"a": "numeric", "b": "numeric", "site": "categorical"},
}


def write_trained_run(root: Path, task: str, features: dict[str, str] | None = None) -> Run:
    """Create a run of `task` below `root` from the task's own sample, as prepare and train would leave it."""
    root.mkdir(parents=True, exist_ok=True)
    fields = load_task(task).sample(root)
    run = create_run(str(root), "sample", job_json(parse_job(fields | {"task": task})), "1")
    with Path(fields["dataset_uri"]).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})
    transforms = _prepare(run, task, fields["target"], features or FEATURES[task], table)
    _train(run, transforms)
    for stage in ("prepare", "train"):
        write_json(run.path(f"{stage}/{layout.KEY}"), {"data": f"fingerprint of {stage}"})
        write_json(run.path(f"{stage}/{layout.DONE}"), {"key": "k", "output": "o"})
    return run


def _prepare(run: Run, task: str, target: str, types: dict[str, str], table: pa.Table) -> dict[str, Any]:
    columns = [{"name": name, "type": kind, "role": "feature", "reason": None} for name, kind in types.items()]
    columns.append({"name": target, "type": "text", "role": "target", "reason": None})
    n = {"train": table.num_rows - 2 * N_TEST, "valid": N_TEST, "test": N_TEST}
    schema = {"task": task, "metric": "m", "target": target, "n_rows": n, "columns": columns}
    transform, encode = load_part(task, "input", "transform"), load_part(task, "target", "encode")
    transforms = {
        "task": task,
        "input": transform.fit(columns[:-1], table.slice(0, n["train"])),
        "target": encode.fit(target, table[target]),
    }
    start = 0
    for split, count in n.items():
        rows = table.slice(start, count)
        start += count
        arrays = transform.apply(transforms["input"], rows) | {
            "target": encode.encode(transforms["target"], rows[target])
        }
        for name, array in arrays.items():
            run.path(layout.ARRAYS).mkdir(parents=True, exist_ok=True)
            np.save(run.path(layout.ARRAYS) / f"{split}_{name}.npy", array)
    pq.write_table(rows, run.path(layout.TEST_ROWS))
    write_json(run.path(layout.SCHEMA), schema)
    write_json(run.path(layout.TRANSFORMS), transforms)
    return transforms


def _train(run: Run, transforms: dict[str, Any]) -> None:
    import keras

    keras.utils.set_random_seed(1)
    model = build_model(ARCHITECTURE, transforms)
    loss = load_part(transforms["task"], "target", "head").loss(transforms["target"], 100)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss)
    load = {n: np.load(run.path(layout.ARRAYS) / f"train_{n}.npy") for n in ("numeric", "categorical", "target")}
    target = load.pop("target")
    model.fit({n: a for n, a in load.items() if a.shape[1]}, target, epochs=3, verbose=0)
    run.path(layout.MODEL).parent.mkdir(parents=True, exist_ok=True)
    calibration = {"temperature": 1.5, "level": 0.9, "margin": 0.5, "n_rows": N_TEST}  # each target reads its own
    write_json(run.path(layout.CALIBRATION), calibration)
    model = calibrated(model, transforms, calibration)
    model.save(run.path(layout.MODEL))
    write_predictions(run, model, transforms)
    layers = [{"layer": c.kind, "params": dict(c.params)} for c in ARCHITECTURE]
    write_json(run.path(layout.ARCHITECTURE), {"parameters": model.count_params(), "layers": layers})
    metrics = {"metric": "m", "test": {"m": 0.25, "accuracy": 0.9}, "baselines": {"linear": {"m": 0.5}}, "folds": 1}
    write_json(run.path(layout.METRICS), metrics)


def write_predictions(run: Run, model: Any, transforms: dict[str, Any]) -> None:
    """``train/predictions.parquet`` as train writes it."""
    test = {n: np.load(run.path(layout.ARRAYS) / f"test_{n}.npy") for n in ("numeric", "categorical")}
    output = model.predict({n: a for n, a in test.items() if a.shape[1]}, verbose=0)
    decoded = load_part(transforms["task"], "target", "encode").decode(transforms["target"], output)
    truth = np.load(run.path(layout.ARRAYS) / "test_target.npy")
    pq.write_table(pa.table({"truth": truth, **decoded}), run.path(layout.PREDICTIONS))


@pytest.fixture(scope="session")
def trained_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Give a task's name, get a run of it in which prepare and train are done. Read it only, or copy it first."""
    return cache(lambda task: write_trained_run(tmp_path_factory.mktemp("runs"), task))
