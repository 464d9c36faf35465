"""How good the networks are on five tables, beside a linear model and what others reach in the same time.

    .venv/bin/python benchmarks/quality_tables.py
    .venv/bin/python benchmarks/quality_tables.py --datasets california adult --seeds 0 1 2 --minutes 2
    .venv/bin/python benchmarks/quality_tables.py --ablate --datasets california --seconds 25

Each row is the product's own ``nas run`` on one core with a budget of two minutes of wall time (search and final
training, process starts included), the job's fields as a user would set them. Figures are those of the test file.
What others reach is not measured here: it was, with 120 CPU seconds of one core of such a machine, one seed, each in an
environment of its own. With `--ablate` one network is trained with one thing changed a line (``ablations.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Dataset:
    """A table: its target, the metrics to show, and what others reach in them."""

    target: str
    metrics: tuple[str, ...]
    others: dict[str, tuple[float, ...]]


DATASETS = {
    "california": Dataset(
        "median_house_value",
        ("rmse",),
        {
            "scikit-learn MLP": (54_442,),
            "KerasTuner": (52_174,),
            "RealMLP": (46_792,),
            "HistGradientBoosting": (46_844,),
            "FLAML": (43_670,),
            "AutoGluon medium": (42_515,),
        },
    ),
    "adult": Dataset(
        "income",
        ("roc_auc", "accuracy"),
        {
            "scikit-learn MLP": (0.911, 0.858),
            "KerasTuner": (0.911, 0.858),
            "RealMLP": (0.913, 0.858),
            "HistGradientBoosting": (0.927, 0.871),
            "FLAML": (0.928, 0.875),
            "AutoGluon medium": (0.927, 0.874),
        },
    ),
    "wine": Dataset(
        "quality",
        ("rmse",),
        {
            "scikit-learn MLP": (0.679,),
            "KerasTuner": (0.676,),
            "RealMLP": (0.684,),
            "HistGradientBoosting": (0.641,),
            "FLAML": (0.590,),
            "AutoGluon medium": (0.603,),
        },
    ),
    "breast_cancer": Dataset(
        "target",
        ("accuracy",),
        {"scikit-learn MLP": (0.930,), "RealMLP": (0.956,), "HistGradientBoosting": (0.965,)},
    ),
    "titanic": Dataset(
        "Survived",
        ("accuracy",),
        {
            "scikit-learn MLP": (0.782,),
            "RealMLP": (0.760,),
            "HistGradientBoosting": (0.799,),
            "AutoGluon medium": (0.804,),
        },
    ),
}


def main() -> None:
    """Print a block a dataset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, default=PROJECT.parent / "shared/data/tables")
    parser.add_argument("--datasets", nargs="+", choices=DATASETS, default=list(DATASETS))
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--ablate", action="store_true", help="what each ingredient is worth")
    parser.add_argument("--seconds", type=float, default=25, help="of a processor, for each training of --ablate")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.datasets:
            (ablate if arguments.ablate else measure)(name, Path(folder), arguments)


def ablate(name: str, folder: Path, arguments: argparse.Namespace) -> None:
    """Print a line for each thing that is changed."""
    import ablations

    os.sched_setaffinity(0, {arguments.core})
    say(f"\n{name}")
    (folder / name).mkdir()
    fields = {field: value for field, value in job_of(name, arguments).items() if field != "budget_minutes"}
    for title, figures in ablations.ablate(fields, folder / name, arguments.seeds, arguments.seconds):
        say(f"  {title:<36}{figures}")


def measure(name: str, folder: Path, arguments: argparse.Namespace) -> None:
    """Run the product once a seed; print it beside the linear model and the others."""
    dataset, found = DATASETS[name], []
    say(f"\n{name:<13} {'':<24}{'  '.join(f'{metric:>9}' for metric in dataset.metrics)}")
    for seed in arguments.seeds:
        clock = time.monotonic()
        address = run(name, folder / f"{name}-{seed}", seed, arguments)
        facts = read(address)
        found.append(facts["test"])
        about = f"{facts['bytes'] / 1e6:.2f} MB, {time.monotonic() - clock:.0f} s with prepare, export and report"
        show(dataset, f"nas, seed {seed}", facts["test"], about)
    if len(found) > 1:
        for word, summary in (("mean", statistics.mean), ("deviation", statistics.stdev)):
            show(dataset, f"nas, {word}", {m: summary([test[m] for test in found]) for m in dataset.metrics})
    show(dataset, "linear", facts["linear"])
    for other, figures in dataset.others.items():
        show(dataset, other, dict(zip(dataset.metrics, figures, strict=True)), "not measured here")


def job_of(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """The job's fields that are the same for all seeds."""
    return {
        "dataset_uri": str(arguments.tables / f"{name}_train.csv"),
        "test_uri": str(arguments.tables / f"{name}_test.csv"),
        "target": DATASETS[name].target,
        "budget_minutes": arguments.minutes,
    }


def run(name: str, root: Path, seed: int, arguments: argparse.Namespace) -> Path:
    """The folder of a run of the product on one core."""
    job = job_of(name, arguments) | {"seed": seed, "root": str(root)}
    root.mkdir(parents=True)
    (root / "job.json").write_text(json.dumps(job))
    command = [sys.executable, "-m", "nas_core.cli", "run", "--job", str(root / "job.json")]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    bound = ["taskset", "-c", str(arguments.core), *command]
    done = subprocess.run(bound, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return Path(done.stdout.split()[-1])


def read(folder: Path) -> dict[str, Any]:
    """The figures of the network and of the linear model, and the size of the exported model."""
    metrics = json.loads((folder / "train/metrics.json").read_text())
    size = (folder / "export/model.tflite").stat().st_size
    return {"test": metrics["test"], "linear": metrics["baselines"]["linear"], "bytes": size}


def show(dataset: Dataset, who: str, figures: dict[str, float], about: str = "") -> None:
    """One row."""
    say(f"  {who:<36}{'  '.join(f'{figures[metric]:9.5g}' for metric in dataset.metrics)}  {about}")


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
