"""A run as the stages leave it, made up by the contract of docs/run-folder.md without training anything."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.records import write_json
from nas_core.runs.run import Run, create_run
from nas_core.space.architecture import Architecture
from nas_core.targets.labels import figures as labels
from nas_core.targets.values import figures as values

VOCABULARY: list[dict[str, Any]] = [
    {"layer": "stop"},
    *(
        {"layer": "dense", "units": units, "activation": a}
        for units in (16, 32, 64, 128, 256)
        for a in ("relu", "gelu")
    ),
    *({"layer": "residual", "activation": activation} for activation in ("relu", "silu")),
    *({"layer": "dropout", "rate": rate} for rate in (0.1, 0.3)),
    *({"layer": "normalization", "over": over} for over in ("batch", "row")),
]
VERSIONS = {"nas-core": "0.1.0", "keras": "3.15.1", "tensorflow": "2.21.0", "numpy": "2.4.6"}


@dataclass(frozen=True)
class Kind:
    """What differs between the tasks."""

    task: str
    metric: str
    figures: dict[str, float]
    baselines: dict[str, dict[str, float]]


KINDS = {
    "labels": Kind(
        "tabular_classification",
        "log_loss",
        {"log_loss": 0.0912, "accuracy": 0.9737, "roc_auc": 0.9951},
        {
            "majority": {"log_loss": 0.6618, "accuracy": 0.6228, "roc_auc": 0.5},
            "linear": {"log_loss": 0.1034, "accuracy": 0.9649, "roc_auc": 0.9932},
        },
    ),
    "values": Kind(
        "tabular_regression",
        "rmse",
        {"rmse": 53_412.7, "mae": 36_120.4, "r2": 0.7842},
        {
            "mean": {"rmse": 115_004.2, "mae": 91_233.1, "r2": -0.0003},
            "linear": {"rmse": 68_690.3, "mae": 49_800.9, "r2": 0.6431},
        },
    ),
}

MakeRun = Callable[..., Run]


def write_run(
    root: Path, kind: str = "labels", n_candidates: int = 30, *, texts: list[str] | None = None, **job: Any
) -> Run:
    """Write a run. `texts` are the names of columns and classes and the reasons: hostile ones reach every sheet."""
    rng = random.Random(n_candidates)
    about = KINDS[kind]
    target = texts[0] if texts else "diagnosis"
    fields = {
        "name": "tumours",
        "dataset_uri": "https://user-secret@example.org/data/tumours.csv?signature=secret",
        "target": target,
        "seed": 7,
    }
    run = create_run(str(root), "tumours", job_json(parse_job(fields | job)), f"{kind}-{n_candidates}")
    _write_prepare(run, about, texts, target, rng)
    _write_search(run, n_candidates, texts, rng)
    _write_train(run, about, texts, rng)
    _write_export(run)
    return run


def _finish(run: Run, stage: str, seconds: float) -> None:
    folder = run.path(stage)
    files = {
        str(path.relative_to(folder)): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    report = {
        "stage": stage,
        "started": "2026-11-21T09:30:00+00:00",
        "seconds": seconds,
        "settings": {},
        "versions": VERSIONS,
        "metrics": {},
        "files": files,
    }
    write_json(folder / layout.REPORT, report)
    write_json(folder / layout.DONE, {"key": stage, "output": stage})


def _columns(kind: Kind, texts: list[str] | None, target: str, rng: random.Random) -> list[dict[str, Any]]:
    names = texts or ["radius", "texture", "perimeter", "area", "smoothness"]
    counts = [rng.randint(1, 60) for _ in range(8)]
    numeric = [
        {
            "name": f"mean {name}" if not texts else name,
            "type": "numeric",
            "n_missing": rng.randint(0, 30),
            "n_distinct": 440 + row,
            "integer": False,
            "min": 0.5,
            "max": 41.25,
            "mean": 14.127,
            "std": 3.524,
            "quantiles": [0.5, 11.7, 13.37, 15.78, 41.25],
            "histogram": {"edges": [5.0 * edge for edge in range(9)], "counts": counts},
        }
        for row, name in enumerate(names)
    ]
    words = {
        "n_missing": 3,
        "n_distinct": 3,
        "top": [{"value": "north", "count": 301}, {"value": "south", "count": 99}],
    }
    classes = [{"value": name, "count": 357 - 100 * row} for row, name in enumerate(_classes(texts))]
    last: dict[str, Any] = {"name": target, "type": "categorical", "n_missing": 0, "n_distinct": 2, "top": classes}
    if kind.task == "tabular_regression":
        last = {**numeric[0], "name": target, "n_missing": 0}
    return [
        *numeric,
        {"name": "hospital", "type": "categorical", **words},
        {"name": "patient id", "type": "id", "n_missing": 0, "n_distinct": 569, "top": []},
        last,
    ]


def _classes(texts: list[str] | None) -> list[str]:
    return texts[:3] if texts else ["benign", "malignant"]


def _write_prepare(run: Run, kind: Kind, texts: list[str] | None, target: str, rng: random.Random) -> None:
    columns = _columns(kind, texts, target, rng)
    roles = {"patient id": ("set aside", "every row has a value of its own"), target: ("target", None)}
    schema_columns = [
        {"name": c["name"], "type": c["type"], "role": role, "reason": reason}
        for c in columns
        for role, reason in [roles.get(c["name"], ("feature", None))]
    ]
    n_rows = {"train": 398, "valid": 85, "test": 86}
    schema = {"task": kind.task, "metric": kind.metric, "target": target, "n_rows": n_rows, "columns": schema_columns}
    write_json(run.path(layout.SCHEMA), schema)
    write_json(run.path(layout.PROFILE), {"n_rows": 569, "columns": columns})
    checks = [
        {
            "severity": "warning",
            "column": columns[0]["name"],
            "rule": "missing values",
            "message": "Column has 5 % of its values missing.",
            "action": "They are filled with the median, and the network sees that they were missing.",
        },
        {
            "severity": "info",
            "column": "patient id",
            "rule": "identifier",
            "message": "Every row has a value of its own.",
            "action": "Set aside.",
        },
    ]
    write_json(run.path(layout.CHECKS), checks)
    spec: dict[str, Any] = {"classes": _classes(texts), "positive": None if texts else 1, "std": 115_000.0}
    write_json(run.path(layout.TRANSFORMS), {"task": kind.task, "input": {}, "target": spec})
    _finish(run, "prepare", 1.4)


def probabilities(progress: float, n_places: int, rng: random.Random) -> list[list[float]]:
    """A policy that settles: uniform at `progress` 0, sharp at 1."""
    rows = []
    for place in range(n_places):
        favourite = (5 + 3 * place) % len(VOCABULARY) if place < n_places - 1 else 0
        weights = [
            math.exp(6 * progress * (choice == favourite) + rng.gauss(0, 0.2)) for choice in range(len(VOCABULARY))
        ]
        rows.append([round(weight / sum(weights), 5) for weight in weights])
    return rows


def ledger_lines(n: int, texts: list[str] | None = None, seed: int = 0) -> list[dict[str, Any]]:
    """`n` lines of a search that gets better, with every seventh candidate failed."""
    rng = random.Random(seed)
    return [_line(number, number / max(n - 1, 1), texts, rng) for number in range(n)]


def _line(number: int, progress: float, texts: list[str] | None, rng: random.Random) -> dict[str, Any]:
    places = probabilities(progress, rng.randint(2, 6), rng)
    chosen = [rng.choices(range(1, len(VOCABULARY)), weights=[p + 1e-9 for p in place[1:]])[0] for place in places[:-1]]
    architecture = [VOCABULARY[choice] for choice in chosen]
    is_failed = number % 7 == 5
    score = None if is_failed else -round(0.1 + 0.5 * math.exp(-4 * progress) * rng.random() + 0.08 * rng.random(), 5)
    return {
        "number": number,
        "round": number // 8,
        "agent": "ppo",
        "architecture": architecture,
        "fingerprint": Architecture.from_json(architecture).fingerprint,
        "score": score,
        "reward": None if score is None else score - 0.02,
        "metrics": {} if score is None else {"log_loss": -score, "rmse": round(-5e5 * score, 2)},
        "parameters": 800 * len(architecture) + number,
        "flops": 1600 * len(architecture),
        "epochs": 6,
        "share": 1.0,
        "parent": None,
        "seed": 7,
        "seconds": {"build": 0.1, "train": 0.6, "measure": 0.1},
        "error": (texts[-1] if texts else "ran out of memory: 2.1 GB wanted, 1.9 GB free") if is_failed else None,
        "probabilities": places,
        "at": round(1.5 + 0.85 * number, 3),
    }


def write_ledger(run: Run, lines: list[dict[str, Any]]) -> None:
    """Write the ledger in one go (the search itself appends line by line)."""
    path = run.path(layout.CANDIDATES)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _write_search(run: Run, n: int, texts: list[str] | None, rng: random.Random) -> None:
    lines = ledger_lines(n, texts, rng.randint(0, 99))
    write_json(run.path(layout.VOCABULARY), VOCABULARY)
    write_ledger(run, lines)
    write_json(run.path(layout.BEST), max((line for line in lines if line["score"] is not None), key=_score))
    write_json(run.path(layout.CLOCK), {"seconds": lines[-1]["at"]})
    _finish(run, "search", 3.0 + lines[-1]["at"])


def _score(line: dict[str, Any]) -> float:
    return float(line["score"])


def _write_train(run: Run, kind: Kind, texts: list[str] | None, rng: random.Random) -> None:
    best = json.loads(run.path(layout.BEST).read_text())
    inside = [
        {
            "layer": layer["layer"],
            "params": {k: v for k, v in layer.items() if k != "layer"},
            "output_shape": [layer.get("units", 64)],
            "parameters": 40 * layer.get("units", 2),
            "flops": 80 * layer.get("units", 2),
        }
        for layer in best["architecture"]
    ]
    stem = {"layer": "tabular", "params": {}, "output_shape": [33], "parameters": 12, "flops": 0}
    head = {"layer": "head", "params": {"classes": 2}, "output_shape": [2], "parameters": 130, "flops": 256}
    layers = [stem, *inside, head]
    architecture = {
        "fingerprint": best["fingerprint"],
        "parameters": sum(layer["parameters"] for layer in layers),
        "flops": sum(layer["flops"] for layer in layers),
        "layers": layers,
    }
    write_json(run.path(layout.ARCHITECTURE), architecture)
    _write_history(run.path(layout.HISTORY), rng)
    metrics = {
        "task": kind.task,
        "metric": kind.metric,
        "test": kind.figures,
        "valid": {name: value * 0.98 for name, value in kind.figures.items()},
        "baselines": kind.baselines,
        "finalists": [
            {
                "fingerprint": best["fingerprint"],
                "score": 0.91,
                "standard_error": 0.01,
                "parameters": 1234,
                "epochs": 42,
                "seconds": 5.2,
            }
        ],
        "winner": best["fingerprint"],
        "folds": 1,
        "random": {"n": 30, "score": 0.86, "test": {name: value * 1.05 for name, value in kind.figures.items()}},
        "details": _details(kind, _classes(texts), rng),
    }
    write_json(run.path(layout.METRICS), metrics)
    names = texts or ["mean radius", "mean area", "mean texture", "hospital"]
    importance = [{"column": n, "importance": 0.31 / (row + 1), "std": 0.01} for row, n in enumerate(names)]
    write_json(run.path(layout.IMPORTANCE), importance)
    ablation = [{"layer": place, "fall": 0.09 / place, "std": 0.01} for place in range(1, len(inside) + 1)]
    write_json(run.path(layout.ABLATION), ablation)
    _write_test(run, kind, texts)
    _finish(run, "train", 14.2)


N_TEST = 86


def _write_test(run: Run, kind: Kind, texts: list[str] | None) -> None:
    """The raw test rows, the truth, and what network and rivals say of it: the network is better than the others."""
    rng = np.random.default_rng(0)
    names = [column["name"] for column in json.loads(run.path(layout.SCHEMA).read_text())["columns"]]
    run.path(layout.ARRAYS).mkdir(parents=True, exist_ok=True)
    rows = {name: [f"{name} {row}" for row in range(N_TEST)] for name in dict.fromkeys(names)}
    pq.write_table(pa.table(rows), run.path(layout.TEST_ROWS))
    noise = {"network": 1.2, **{name: 2.0 for name in kind.baselines}, "random": 1.05}
    if kind.task == "tabular_regression":
        truth = rng.uniform(15_000, 500_000, N_TEST)
        same = rng.normal(0, 53_000, N_TEST)
        outputs = {name: (truth + factor * same)[:, None] for name, factor in noise.items()}
        said = {"truth": truth, "prediction": outputs["network"][:, 0]}
    else:
        classes = _classes(texts)
        truth = rng.integers(len(classes), size=N_TEST)
        same = rng.random((N_TEST, len(classes)))
        raw = {name: same * factor + (truth[:, None] == np.arange(len(classes))) for name, factor in noise.items()}
        outputs = {name: output / output.sum(axis=1, keepdims=True) for name, output in raw.items()}
        chosen = outputs["network"].argmax(axis=1)
        said = {"truth": [classes[code] for code in truth], "prediction": [classes[code] for code in chosen]}
        said |= {f"p_{name}": outputs["network"][:, code] for code, name in enumerate(classes)}
    np.save(run.path(layout.ARRAYS) / "test_target.npy", truth)
    np.savez(run.path(layout.TEST_OUTPUTS), rows=np.arange(N_TEST), **outputs)
    pq.write_table(pa.table(said), run.path(layout.PREDICTIONS))


def _write_history(path: Path, rng: random.Random) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "loss", "valid_loss", "seconds", "accuracy"])
        for epoch in range(1, 43):
            loss = 0.08 + 0.6 * math.exp(-epoch / 8)
            valid = 0.1 + 0.55 * math.exp(-epoch / 8) + 0.0006 * max(0, epoch - 25) + rng.gauss(0, 0.004)
            writer.writerow([epoch, f"{loss:.5f}", f"{valid:.5f}", 0.12, f"{0.97 - 0.3 * math.exp(-epoch / 6):.4f}"])


def _details(kind: Kind, classes: list[str], rng: random.Random) -> dict[str, Any]:
    """What the target itself says about made-up predictions."""
    if kind.task == "tabular_regression":
        truth = np.array([rng.uniform(15_000, 500_000) for _ in range(86)])
        return values.details({}, truth, np.array([[value + rng.gauss(0, 53_000)] for value in truth]))
    codes = np.array([rng.randrange(len(classes)) for _ in range(86)])
    output = np.array([[rng.random() + 1.2 * (code == of) for of in range(len(classes))] for code in codes])
    return labels.details({"classes": classes}, codes, output / output.sum(axis=1, keepdims=True))


def _write_export(run: Run) -> None:
    folder = run.path(layout.EXPORT)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.keras").write_bytes(b"k" * 48_213)
    (folder / "model.tflite").write_bytes(b"t" * 17_904)
    (folder / "MODEL_CARD.md").write_text("# Model card\n")
    speed = {"rows_per_second": 81_000.0, "milliseconds_per_row": 0.0123}
    agreement = {
        "keras": {"max_difference": 0.0, "rows": 588, "bytes": 48_213} | speed,
        "litert": {"max_difference": 2.4e-7, "rows": 588, "bytes": 17_904} | speed,
        "onnx": {"error": "its process was ended by SIGSEGV"},
    }
    write_json(run.path(layout.AGREEMENT), agreement)
    write_json(run.path(layout.MANIFEST), {"versions": VERSIONS})
    _finish(run, "export", 12.9)
