"""KerasTuner's random search over the product's own networks and data, in KerasTuner's own environment.

Called by benchmarks/throughput.py; prints one line of JSON: finished trainings and seconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

BEGAN = time.monotonic()

import keras_tuner  # noqa: E402 (its import is part of what is measured)

from benchmarks.plain import Networks, fit_arguments, load  # noqa: E402
from nas_core.training.model import build_model  # noqa: E402


class Timed(keras_tuner.RandomSearch):
    """Random search that ends after some seconds."""

    def __init__(self, *args, seconds: float, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.seconds, self.last = seconds, (0, 0.0)

    def on_trial_end(self, trial) -> None:
        super().on_trial_end(trial)
        self.last = self.last[0] + 1, time.monotonic() - BEGAN
        if self.last[1] > self.seconds:
            self.oracle.max_trials = self.last[0]


def main(address: str, seconds: float, epochs: int, seed: int) -> None:
    """Search for some seconds."""
    data = load(address)
    networks = Networks(data)

    def build(hp):
        codes = [hp.Choice(f"slot{i}", list(range(networks.n_choices))) for i in range(networks.max_layers)]
        model = build_model(networks.decode(codes), data.transforms)
        networks.compile(model)
        return model

    with tempfile.TemporaryDirectory() as folder:
        tuner = Timed(
            build,
            objective=keras_tuner.Objective("val_loss", "min"),
            max_trials=1_000_000,
            directory=folder,
            project_name="search",
            seed=seed,
            seconds=seconds,
        )
        tuner.search(**fit_arguments(data), epochs=epochs, verbose=0)
    sys.stdout.write(json.dumps(tuner.last) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
