"""AutoKeras on pictures for some seconds, in AutoKeras' own environment.

Called by benchmarks/quality_images.py with an ``.npz`` of pictures (x, y to learn from, x_test, y_test), seconds of a
core and a seed; prints one line of JSON. AutoKeras knows no time: a callback ends the training that is under way when
it is up.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

import autokeras as ak
import keras
import numpy as np

VALID_SHARE = 0.15
AT_THE_END = 4.0  # seconds, to load the best network


class Clock(keras.callbacks.Callback):
    """Ends a training when the time is used up."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def on_train_batch_end(self, batch, logs=None) -> None:  # noqa: ARG002
        if time.process_time() > self.seconds - AT_THE_END:
            self.model.stop_training = True


def timed(seconds: float):
    """AutoKeras' tuner that begins no training when the time is used up."""

    class Timed(ak.tuners.task_specific.ImageClassifierTuner):
        def on_trial_end(self, trial) -> None:
            super().on_trial_end(trial)
            if time.process_time() > seconds - AT_THE_END:
                self.oracle.max_trials = len(self.oracle.trials)

    return Timed


def main(path: str, seconds: float, seed: int) -> None:
    """Search, then measure the best network."""
    keras.utils.set_random_seed(seed)
    with np.load(path) as data:
        x, y, x_test, y_test = (data[name] for name in ("x", "y", "x_test", "y_test"))
    order = np.random.default_rng(seed).permutation(len(x))
    valid, train = np.split(order, [round(VALID_SHARE * len(x))])
    with tempfile.TemporaryDirectory() as folder:
        model = ak.ImageClassifier(max_trials=1_000, directory=folder, overwrite=True, seed=seed, tuner=timed(seconds))
        rows = {"x": x[train], "y": y[train], "validation_data": (x[valid], y[valid])}
        model.fit(**rows, callbacks=[Clock(seconds)], verbose=0)
        took = time.process_time()
        said = model.predict(x_test, verbose=0).reshape(-1)
        n = len(model.tuner.oracle.trials)
    accuracy = float((said.astype(y_test.dtype) == y_test).mean())
    sys.stdout.write(json.dumps({"accuracy": accuracy, "about": f"{n} trainings, {took:.0f} s"}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
