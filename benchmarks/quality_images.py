"""How good networks of pictures are in two minutes on one core, beside a support-vector machine and a fixed network.

    .venv/bin/python benchmarks/quality_images.py
    .venv/bin/python benchmarks/quality_images.py --datasets mnist8k --seeds 0 1 2 --minutes 2

Each row of the product is its own ``nas run`` with the job's fields as a user would set them; the fixed network (two
convolutions, as tutorials have it) is trained as long as the budget allows. All are bound to one core, one after the
other. Figures are those of the test file.
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
from pathlib import Path
from typing import Any

import numpy as np

PROJECT = Path(__file__).parent.parent
OTHERS = {  # accuracy in 120 s, measured once elsewhere: not by this program
    "digits": {},
    "mnist8k": {"KerasTuner": 0.964, "AutoKeras": 0.976},
}


def main() -> None:
    """Print a block a dataset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, default=PROJECT.parent / "shared/data/images")
    parser.add_argument("--datasets", nargs="+", choices=OTHERS, default=list(OTHERS))
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--algorithm", default="whole")
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--rival", nargs=3, metavar=("NAME", "RUN", "SECONDS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rival:
        name, address, seconds = arguments.rival
        say(json.dumps(RIVALS[name](Path(address), float(seconds))))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.datasets:
            measure(name, Path(folder), arguments)


def measure(name: str, folder: Path, arguments: argparse.Namespace) -> None:
    """Run the product once a seed, then its rivals on what it prepared."""
    found = []
    say(f"\n{name:<40}{'accuracy':>9}")
    for seed in arguments.seeds:
        clock = time.monotonic()
        address = run(name, folder / f"{name}-{seed}", seed, arguments)
        metrics = json.loads((address / "train/metrics.json").read_text())
        found.append(metrics["test"]["accuracy"])
        n = sum(1 for _ in (address / "search/candidates.jsonl").open())
        size = (address / "export/model.tflite").stat().st_size
        about = f"{n} candidates, {size / 1e6:.2f} MB, {time.monotonic() - clock:.0f} s with prepare, export and report"
        show(f"nas, seed {seed}", found[-1], about)
    if len(found) > 1:
        show("nas, mean", statistics.mean(found), f"± {statistics.stdev(found):.4f}")
    for rival in RIVALS:
        command = [sys.executable, __file__, "--rival", rival, str(address), str(60 * arguments.minutes)]
        show(rival, **json.loads(bound(command, arguments.core)))
    for other, accuracy in OTHERS[name].items():
        show(other, accuracy, "not measured here")


def run(name: str, root: Path, seed: int, arguments: argparse.Namespace) -> Path:
    """The folder of a run of the product on one core."""
    job = {
        "dataset_uri": str(arguments.images / f"{name}_train.zip"),
        "test_uri": str(arguments.images / f"{name}_test.zip"),
        "target": "label",
        "metric": "accuracy",
        "algorithm": arguments.algorithm,
        "budget_minutes": arguments.minutes,
        "seed": seed,
        "root": str(root),
    }
    root.mkdir(parents=True)
    (root / "job.json").write_text(json.dumps(job))
    command = [sys.executable, "-m", "nas_core.cli", "run", "--job", str(root / "job.json")]
    return Path(bound(command, arguments.core).split()[-1])


def bound(command: list[str], core: int) -> str:
    """What `command` prints when it is bound to one core."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        ["taskset", "-c", str(core), *command], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def rows(address: Path) -> dict[str, np.ndarray]:
    """The pictures and classes that a run prepared: all that may be learned from, and those of the test."""
    arrays = address / "prepare/arrays"

    def joined(what: str) -> np.ndarray:
        return np.concatenate([np.load(arrays / f"{part}_{what}.npy") for part in ("train", "valid")])

    test = {"x_test": np.load(arrays / "test_image.npy"), "y_test": np.load(arrays / "test_target.npy")}
    return {"x": joined("image"), "y": joined("target")} | test


def svm(address: Path, _: float) -> dict[str, Any]:
    """A support-vector machine on pixels, with scikit-learn's defaults but for C."""
    from sklearn.svm import SVC

    data, clock = rows(address), time.monotonic()
    model = SVC(C=10).fit(data["x"].reshape(len(data["x"]), -1) / 255, data["y"])
    accuracy = model.score(data["x_test"].reshape(len(data["x_test"]), -1) / 255, data["y_test"])
    return {"accuracy": accuracy, "about": f"{time.monotonic() - clock:.0f} s"}


def fixed_network(address: Path, seconds: float) -> dict[str, Any]:
    """Two convolutions with pooling, dropout and Adam, for the whole budget; a tenth of the rows judges the epochs."""
    import keras

    began = time.monotonic()
    data = rows(address)
    model = keras.Sequential(
        [
            keras.Input(data["x"].shape[1:]),
            keras.layers.Rescaling(1 / 255),
            *conv(32),
            *conv(64),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(int(data["y"].max()) + 1, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 (Keras' signature)
            self.model.stop_training |= time.monotonic() - began > 0.95 * seconds

    keep = keras.callbacks.EarlyStopping(patience=10_000, restore_best_weights=True)
    order = np.random.default_rng(0).permutation(len(data["x"]))
    history = model.fit(
        data["x"][order],
        data["y"][order],
        validation_split=0.1,
        batch_size=64,
        epochs=10_000,
        callbacks=[Clock(), keep],
        verbose=0,
    )
    accuracy = model.evaluate(data["x_test"], data["y_test"], verbose=0)[1]
    return {"accuracy": accuracy, "about": f"{len(history.epoch)} epochs, {time.monotonic() - began:.0f} s"}


def conv(filters: int) -> list[Any]:
    """A convolution and the largest of each two by two."""
    import keras

    return [keras.layers.Conv2D(filters, 3, activation="relu"), keras.layers.MaxPooling2D()]


RIVALS = {"support-vector machine": svm, "fixed network": fixed_network}


def show(who: str, accuracy: float, about: str = "") -> None:
    """One row."""
    say(f"  {who:<38}{accuracy:9.4f}  {about}")


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
