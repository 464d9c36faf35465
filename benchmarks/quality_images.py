"""How good networks of pictures are in two minutes on one core, side by side with others.

    python3.11 -m venv /tmp/autokeras && python3.11 -m venv /tmp/kerastuner
    .venv/bin/uv pip install --python /tmp/autokeras/bin/python -r benchmarks/autokeras/requirements.txt
    .venv/bin/uv pip install --python /tmp/kerastuner/bin/python -r benchmarks/kerastuner/requirements.txt
    .venv/bin/python benchmarks/quality_images.py
    .venv/bin/python benchmarks/quality_images.py --files mnist8k --programs nas --seeds 1 --results rows.jsonl
    .venv/bin/python benchmarks/quality_images.py --programs --results rows.jsonl   # the table alone

Programs: the product (``nas``, its own ``nas run`` with the job's fields as a user would set them); ``autokeras``;
``kerastuner`` (Hyperband over a space of convolutional networks); ``fixed`` (two convolutions, as tutorials have them,
trained all the time); ``svm`` (a support-vector machine on pixels, which ends by itself). All are bound to one core,
one after the other, and learn from the same pictures, as the product prepared them; each sets pictures aside for its
validation as it likes. Figures are those of the test file.

The product's time is that of the clock, from the start of its search; the others' are seconds of a core, from the start
of the process: on a quiet machine the same, on a busy one to their advantage. With ``--results`` each row is kept in
that file as soon as it is there, and what it holds is not measured again; the table is made of all its rows.

``trainings``: seconds of a core for ``--trainings`` networks by the product's search (all processes of its stage and
their start) and by KerasTuner, which trains the same networks, on the same rows, for as many epochs, in batches of one
size, without augmentation.

A dataset is a pair of files ``<name>_train`` and ``<name>_test`` below ``--images``, of any kind that the
product reads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from throughput import busy_seconds, descendants

PROJECT = Path(__file__).parent.parent
FILES = ("digits", "mnist8k")
EPOCHS = 6  # where trainings are counted


def main() -> None:
    """Print a row a file, program and seed, and the means; or be one of the programs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=PROJECT.parent / "shared/data/images")
    parser.add_argument("--files", nargs="+", default=FILES)
    parser.add_argument("--programs", nargs="*", choices=[*PROGRAMS, "trainings"], default=[*PROGRAMS, "trainings"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--algorithm", default="whole")
    parser.add_argument("--trainings", type=int, default=12, help="how many networks both train")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--results", type=Path, help="rows that are kept (JSON lines)")
    parser.add_argument("--autokeras", type=Path, default=Path("/tmp/autokeras/bin/python"))
    parser.add_argument("--kerastuner", type=Path, default=Path("/tmp/kerastuner/bin/python"))
    parser.add_argument("--own", nargs=4, metavar=("NAME", "FILE", "SECONDS", "SEED"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.own:
        name, path, seconds, seed = arguments.own
        say(json.dumps(OWN[name](Path(path), float(seconds), int(seed))))
        return
    results = Results(arguments.results)
    for file in arguments.files:
        with tempfile.TemporaryDirectory() as folder:
            measure(file, Path(folder), arguments, results)
    say(results.table())


class Results:
    """Rows, kept in the file at `path` where there is one: file, program, seed, and what was measured."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.rows = [json.loads(line) for line in path.read_text().splitlines()] if path and path.exists() else []

    def knows(self, file: str, program: str, seed: int) -> bool:
        """Whether that is measured already."""
        return any((row["file"], row["program"], row["seed"]) == (file, program, seed) for row in self.rows)

    def add(self, file: str, program: str, seed: int, measured: dict[str, Any]) -> None:
        """Keep a row, and say it."""
        row = {"file": file, "program": program, "seed": seed} | measured
        self.rows.append(row)
        say(json.dumps(row))
        if self.path:
            with self.path.open("a") as lines:
                lines.write(json.dumps(row) + "\n")

    def table(self) -> str:
        """Mean accuracy, its standard deviation between seeds and their number: a line a program, a column a file."""
        files, programs = (list(dict.fromkeys(row[name] for row in self.rows)) for name in ("file", "program"))
        lines = ["| test accuracy | " + " | ".join(files) + " |", "|---" * (1 + len(files)) + "|"]
        lines += [f"| {p} | " + " | ".join(self._cell(file, p) for file in files) + " |" for p in programs]
        return "\n".join(lines)

    def _cell(self, file: str, program: str) -> str:
        own = [row["accuracy"] for row in self.rows if (row["file"], row["program"]) == (file, program)]
        if len(own) < 2:
            return f"{own[0]:.4f} (1)" if own else ""
        return f"{statistics.mean(own):.4f} ± {statistics.stdev(own):.4f} ({len(own)})"


def measure(file: str, folder: Path, arguments: argparse.Namespace, results: Results) -> None:
    """The rows of one dataset that are missing."""
    programs = [program for program in arguments.programs if program != "trainings"]
    wanted = [(p, seed) for seed in arguments.seeds for p in programs if not results.knows(file, p, seed)]
    if wanted:
        write_pictures(prepare(file, folder, arguments, {}), folder / "pictures.npz")
    for program, seed in wanted:
        results.add(file, program, seed, PROGRAMS[program](file, folder, seed, arguments))
    if "trainings" in arguments.programs:
        count_trainings(file, folder, arguments)


def job_of(file: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields of a job as a user would set them."""
    (train,), (test,) = (sorted(arguments.images.glob(f"{file}_{part}*")) for part in ("train", "test"))
    return {
        "dataset_uri": str(train),
        "test_uri": str(test),
        "target": "label",
        "metric": "accuracy",
        "algorithm": arguments.algorithm,
        "budget_minutes": arguments.minutes,
    }


def prepare(file: str, folder: Path, arguments: argparse.Namespace, fields: dict[str, Any]) -> Path:
    """A run whose stage prepare is done."""
    sys.path.insert(0, str(PROJECT))
    from nas_core.job import job_json, parse_job
    from nas_core.runs.run import create_run
    from nas_core.stage import execute

    run = create_run(str(folder), "prepared", job_json(parse_job(job_of(file, arguments) | fields)), str(len(fields)))
    execute("prepare", run)
    return Path(run.path("."))


def write_pictures(address: Path, path: Path) -> None:
    """The prepared pictures and classes: all that may be learned from, and those of the test."""
    arrays = address / "prepare/arrays"

    def joined(what: str, *parts: str) -> np.ndarray:
        return np.concatenate([np.load(arrays / f"{part}_{what}.npy") for part in parts])

    learned = {"x": joined("image", "train", "valid"), "y": joined("target", "train", "valid")}
    np.savez(path, **learned, x_test=joined("image", "test"), y_test=joined("target", "test"))


def nas(file: str, folder: Path, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """A whole run of the product."""
    root = folder / f"nas-{seed}"
    root.mkdir()
    (root / "job.json").write_text(json.dumps(job_of(file, arguments) | {"seed": seed, "root": str(root)}))
    clock = time.monotonic()
    said = bound([sys.executable, "-m", "nas_core.cli", "run", "--job", root / "job.json"], arguments.core)
    address = Path(said.split()[-1])
    seconds = {stage: json.loads((address / stage / "report.json").read_text())["seconds"] for stage in STAGES}
    n = sum(1 for _ in (address / "search/candidates.jsonl").open())
    size = (address / "export/model.tflite").stat().st_size / 1e6
    spent = ", ".join(f"{stage} {value:.0f}" for stage, value in seconds.items())
    about = f"{n} trainings, {size:.2f} MB, {time.monotonic() - clock:.0f} s: {spent}"
    accuracy = json.loads((address / "train/metrics.json").read_text())["test"]["accuracy"]
    return {"accuracy": accuracy, "about": about}


STAGES = ("prepare", "search", "train", "export", "report")


def own(name: str, file: str, folder: Path, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:  # noqa: ARG001
    """A program of this file, in a process of its own."""
    seconds = 60 * arguments.minutes
    return told([sys.executable, __file__, "--own", name, folder / "pictures.npz", seconds, seed], arguments)


def other(name: str, file: str, folder: Path, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:  # noqa: ARG001
    """A program in an environment of its own."""
    script = PROJECT / "benchmarks" / name / "images.py"
    seconds = 60 * arguments.minutes
    return told([getattr(arguments, name), script, folder / "pictures.npz", seconds, seed], arguments)


def told(command: list[Any], arguments: argparse.Namespace) -> dict[str, Any]:
    """The JSON that `command` prints last."""
    return dict(json.loads(bound(command, arguments.core).strip().splitlines()[-1]))


def bound(command: list[Any], core: int) -> str:
    """What `command` prints when it is bound to one core."""
    return clocked(command, core)[0]


def clocked(command: list[Any], core: int) -> tuple[str, float]:
    """The same, and the seconds of the core that it and its processes used."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    words, used = ["taskset", "-c", str(core), *map(str, command)], dict[int, float]()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = psutil.Popen(words, env=environment, stdout=out, stderr=errors, cwd=PROJECT)
        while process.poll() is None:  # Ray's processes die unwaited for: nobody can tell afterwards what they used
            used |= {each.pid: busy for each in [process, *descendants(process)] if (busy := busy_seconds(each))}
            time.sleep(0.2)
        for said in (out, errors):
            said.seek(0)
        if process.returncode:
            sys.exit(errors.read())
        return out.read(), sum(used.values())


def svm(path: Path, _: float, seed: int) -> dict[str, Any]:  # noqa: ARG001 (it leaves nothing to chance)
    """A support-vector machine on pixels, with scikit-learn's defaults but for C."""
    from sklearn.svm import SVC

    data = np.load(path)
    model = SVC(C=10).fit(data["x"].reshape(len(data["x"]), -1) / 255, data["y"])
    accuracy = model.score(data["x_test"].reshape(len(data["x_test"]), -1) / 255, data["y_test"])
    return {"accuracy": accuracy, "about": f"{time.process_time():.0f} s"}


def fixed(path: Path, seconds: float, seed: int) -> dict[str, Any]:
    """Two convolutions with pooling, dropout and Adam, for the whole budget; a tenth of the rows judges the epochs."""
    import keras

    keras.utils.set_random_seed(seed)
    data = dict(np.load(path))
    layers = [keras.Input(data["x"].shape[1:]), keras.layers.Rescaling(1 / 255)]
    for filters in (32, 64):
        layers += [keras.layers.Conv2D(filters, 3, padding="same", activation="relu"), keras.layers.MaxPooling2D()]
    layers += [keras.layers.Flatten(), keras.layers.Dropout(0.5)]
    model = keras.Sequential([*layers, keras.layers.Dense(int(data["y"].max()) + 1, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 (Keras' signature)
            self.model.stop_training |= time.process_time() > 0.95 * seconds

    keep = keras.callbacks.EarlyStopping(patience=10_000, restore_best_weights=True)
    order = np.random.default_rng(seed).permutation(len(data["x"]))
    rows = {"x": data["x"][order], "y": data["y"][order], "validation_split": 0.1, "batch_size": 64}
    history = model.fit(**rows, epochs=10_000, callbacks=[Clock(), keep], verbose=0)
    accuracy = model.evaluate(data["x_test"], data["y_test"], verbose=0)[1]
    return {"accuracy": accuracy, "about": f"{len(history.epoch)} epochs, {time.process_time():.0f} s"}


Program = Callable[[str, Path, int, argparse.Namespace], dict[str, Any]]
OWN = {"fixed": fixed, "svm": svm}
PROGRAMS: dict[str, Program] = {
    "nas": nas,
    "autokeras": partial(other, "autokeras"),
    "kerastuner": partial(other, "kerastuner"),
    "fixed": partial(own, "fixed"),
    "svm": partial(own, "svm"),
}


def count_trainings(file: str, folder: Path, arguments: argparse.Namespace) -> None:
    """Trainings a minute of a core at the same fidelity, of the same networks."""
    same = {"candidate_epochs": EPOCHS, "candidate_share": 1, "folds": 1, "augmentation": "off", "algorithm": "whole"}
    long_enough = {"budget_minutes": 60, "max_candidates": arguments.trainings}
    address = prepare(file, folder, arguments, same | long_enough)
    took = clocked([sys.executable, "-m", "nas_core.cli", "stage", "search", address], arguments.core)[1]
    lines = (address / "search/candidates.jsonl").read_text().splitlines()
    n = sum(json.loads(line)["error"] is None for line in lines)
    script = PROJECT / "benchmarks/kerastuner/same.py"
    said, tuner = clocked([arguments.kerastuner, script, address, EPOCHS, n], arguments.core)
    m = int(said.strip().splitlines()[-1])
    say(f"{file:<10} nas        {60 * n / took:6.1f} trainings a minute of a core ({n} in {took:.0f} s)")
    say(f"{file:<10} kerastuner {60 * m / tuner:6.1f} trainings a minute of a core ({m} in {tuner:.0f} s)")
    say(f"{file:<10} the product trains {n / took / (m / tuner):.2f} times as many")


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
