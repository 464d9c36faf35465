"""KerasTuner's Hyperband over a space of convolutional networks, in KerasTuner's own environment.

Called by benchmarks/quality_images.py with an ``.npz`` of pictures (x, y to learn from, x_test, y_test), seconds of a
core and a seed; prints one line of JSON. Seven tenths of the time are for the search, the rest trains the best one
anew.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

import keras
import keras_tuner
import numpy as np

VALID_SHARE, SEARCH_SHARE, EPOCHS = 0.15, 0.7, 20
AT_THE_END = 2.0  # seconds


class Clock(keras.callbacks.Callback):
    """Ends a training at a moment, counted from the beginning."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def on_train_batch_end(self, batch, logs=None) -> None:  # noqa: ARG002
        if time.process_time() > self.seconds:
            self.model.stop_training = True


class Timed(keras_tuner.Hyperband):
    """Hyperband (Li et al., JMLR 2018) that begins no training when the time is used up."""

    def __init__(self, *args, seconds: float, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.seconds = seconds

    def on_trial_end(self, trial) -> None:
        super().on_trial_end(trial)
        if time.process_time() > self.seconds:
            self.oracle.max_trials = len(self.oracle.trials)


def main(path: str, seconds: float, seed: int) -> None:
    """Search, train the best one, measure the better of both."""
    keras.utils.set_random_seed(seed)
    with np.load(path) as data:
        x, y, x_test, y_test = (data[name] for name in ("x", "y", "x_test", "y_test"))
    order = np.random.default_rng(seed).permutation(len(x))
    valid, train = np.split(order, [round(VALID_SHARE * len(x))])
    rows = {"x": x[train], "y": y[train], "validation_data": (x[valid], y[valid]), "batch_size": 64, "verbose": 0}

    def build(hp):
        layers = [keras.Input(x.shape[1:]), keras.layers.Rescaling(1 / 255)]
        for block in range(hp.Int("blocks", 1, 3)):
            size = hp.Choice(f"filters{block}", [16, 32, 64, 128]), hp.Choice(f"kernel{block}", [3, 5])
            layers.append(keras.layers.Conv2D(*size, padding="same", use_bias=False))
            layers += [keras.layers.BatchNormalization(), keras.layers.Activation("relu"), keras.layers.MaxPooling2D()]
        layers += [keras.layers.Flatten(), keras.layers.Dropout(hp.Choice("dropout", [0.0, 0.25, 0.5]))]
        if units := hp.Choice("units", [0, 64, 128]):
            layers.append(keras.layers.Dense(units, "relu"))
        model = keras.Sequential([*layers, keras.layers.Dense(int(y.max()) + 1, "softmax")])
        step = hp.Choice("step", [3e-4, 1e-3, 3e-3])
        model.compile(keras.optimizers.Adam(step), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    search_seconds, end = SEARCH_SHARE * seconds, seconds - AT_THE_END
    with tempfile.TemporaryDirectory() as folder:
        options = {"max_epochs": EPOCHS, "directory": folder, "project_name": "search", "seed": seed}
        tuner = Timed(build, "val_accuracy", **options, seconds=search_seconds)
        tuner.search(**rows, callbacks=[Clock(search_seconds)])
        found = tuner.get_best_models()[0]
        best = tuner.hypermodel.build(tuner.get_best_hyperparameters()[0])
        keep = keras.callbacks.EarlyStopping("val_accuracy", patience=EPOCHS, restore_best_weights=True)
        best.fit(**rows, epochs=10_000, callbacks=[Clock(end), keep])
        took, n = time.process_time(), len(tuner.oracle.trials)
    judged = [model.evaluate(x[valid], y[valid], verbose=0)[1] for model in (found, best)]
    accuracy = (found, best)[int(np.argmax(judged))].evaluate(x_test, y_test, verbose=0)[1]
    sys.stdout.write(json.dumps({"accuracy": accuracy, "about": f"{n} trainings and one, {took:.0f} s"}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
