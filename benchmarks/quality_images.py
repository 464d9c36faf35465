"""How good networks of pictures are in two minutes on one core, side by side with others.

    python3.11 -m venv /tmp/autokeras && python3.11 -m venv /tmp/kerastuner
    .venv/bin/uv pip install --python /tmp/autokeras/bin/python -r benchmarks/autokeras/requirements.txt
    .venv/bin/uv pip install --python /tmp/kerastuner/bin/python -r benchmarks/kerastuner/requirements.txt
    .venv/bin/python benchmarks/quality_images.py
    .venv/bin/python benchmarks/quality_images.py --files mnist8k --programs nas autokeras --seeds 1

Programs: the product (``nas``, its own ``nas run`` with the job's fields as a user would set them); ``autokeras``;
``kerastuner`` (Hyperband over a space of convolutional networks); ``fixed`` (two convolutions, as tutorials have them,
trained all the time); ``svm`` (a support-vector machine on pixels, which ends by itself). All are bound to one core,
one after the other, and learn from the same pictures, as the product prepared them; each sets pictures aside for its
validation as it likes. Seconds count from the start of each process. Figures are those of the test file.

``trainings``: finished trainings a minute of the product's search and of KerasTuner's random search over the same
networks (of the product's space), rows, epochs and batches, without augmentation.

A dataset is a pair of files ``<name>_train`` and ``<name>_test`` below ``--images``, of any kind that the
product reads.
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
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

PROJECT = Path(__file__).parent.parent
FILES = ("digits", "mnist8k")
EPOCHS = 6  # where trainings are counted


def main() -> None:
    """Print a row a file, program and seed, and the means; or be one of the programs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=PROJECT.parent / "shared/data/images")
    parser.add_argument("--files", nargs="+", default=FILES)
    parser.add_argument("--programs", nargs="+", choices=[*PROGRAMS, "trainings"], default=[*PROGRAMS, "trainings"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--algorithm", default="whole")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--autokeras", type=Path, default=Path("/tmp/autokeras/bin/python"))
    parser.add_argument("--kerastuner", type=Path, default=Path("/tmp/kerastuner/bin/python"))
    parser.add_argument("--own", nargs=4, metavar=("NAME", "FILE", "SECONDS", "SEED"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.own:
        name, path, seconds, seed = arguments.own
        say(json.dumps(OWN[name](Path(path), float(seconds), int(seed))))
        return
    say(f"{'file':<10} {'program':<12} {'seed':>4} {'accuracy':>9}")
    for file in arguments.files:
        with tempfile.TemporaryDirectory() as folder:
            measure(file, Path(folder), arguments)


def measure(file: str, folder: Path, arguments: argparse.Namespace) -> None:
    """All rows of one dataset."""
    address = prepare(file, folder, arguments, {})
    write_pictures(address, folder / "pictures.npz")
    for program in arguments.programs:
        if program == "trainings":
            count_trainings(file, folder, arguments)
            continue
        found = []
        for seed in arguments.seeds:
            result = PROGRAMS[program](file, folder, seed, arguments)
            found.append(result["accuracy"])
            say(f"{file:<10} {program:<12} {seed:>4} {result['accuracy']:9.4f}  {result['about']}")
        if len(found) > 1:
            spread = statistics.stdev(found)
            say(f"{file:<10} {program:<12} mean {statistics.mean(found):9.4f}  ± {spread:.4f} between seeds")


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
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    words = ["taskset", "-c", str(core), *map(str, command)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, cwd=PROJECT)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def svm(path: Path, _: float, seed: int) -> dict[str, Any]:  # noqa: ARG001 (it leaves nothing to chance)
    """A support-vector machine on pixels, with scikit-learn's defaults but for C."""
    from sklearn.svm import SVC

    data, clock = np.load(path), time.monotonic()
    model = SVC(C=10).fit(data["x"].reshape(len(data["x"]), -1) / 255, data["y"])
    accuracy = model.score(data["x_test"].reshape(len(data["x_test"]), -1) / 255, data["y_test"])
    return {"accuracy": accuracy, "about": f"{time.monotonic() - clock:.0f} s"}


def fixed(path: Path, seconds: float, seed: int) -> dict[str, Any]:
    """Two convolutions with pooling, dropout and Adam, for the whole budget; a tenth of the rows judges the epochs."""
    began = time.monotonic()
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
            self.model.stop_training |= time.monotonic() - began > 0.95 * seconds

    keep = keras.callbacks.EarlyStopping(patience=10_000, restore_best_weights=True)
    order = np.random.default_rng(seed).permutation(len(data["x"]))
    rows = {"x": data["x"][order], "y": data["y"][order], "validation_split": 0.1, "batch_size": 64}
    history = model.fit(**rows, epochs=10_000, callbacks=[Clock(), keep], verbose=0)
    accuracy = model.evaluate(data["x_test"], data["y_test"], verbose=0)[1]
    return {"accuracy": accuracy, "about": f"{len(history.epoch)} epochs, {time.monotonic() - began:.0f} s"}


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
    """Finished trainings a minute at the same fidelity."""
    same = {"candidate_epochs": EPOCHS, "candidate_share": 1, "folds": 1, "augmentation": "off", "algorithm": "whole"}
    long_enough = {"budget_minutes": 2 * arguments.minutes, "max_candidates": 100_000}  # half of it is the search's
    address = prepare(file, folder, arguments, same | long_enough)
    seconds = 60 * arguments.minutes
    script = PROJECT / "benchmarks/kerastuner/search.py"
    n, took = json.loads(
        bound([arguments.kerastuner, script, address, seconds, EPOCHS], arguments.core).split("\n")[-2]
    )
    tuner = 60 * n / took
    say(f"{file:<10} kerastuner {tuner:9.1f} trainings a minute ({n} in {took:.0f} s)")
    clock = time.monotonic()
    bound([sys.executable, "-m", "nas_core.cli", "stage", "search", address], arguments.core)
    took = time.monotonic() - clock
    lines = (address / "search/candidates.jsonl").read_text().splitlines()
    n = sum(json.loads(line)["error"] is None for line in lines)
    say(f"{file:<10} nas        {60 * n / took:9.1f} trainings a minute ({n} in {took:.0f} s)")
    say(f"{file:<10} the product trains {60 * n / took / tuner:.2f} times as many")


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
