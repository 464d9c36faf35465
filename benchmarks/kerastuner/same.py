"""KerasTuner trains the networks that a search of the product trained, in KerasTuner's own environment.

Called by benchmarks/quality_images.py with a run, epochs and how many of its networks; prints one line of JSON:
finished trainings.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import keras_tuner

from benchmarks.plain import Networks, fit_arguments, load
from nas_core.space.architecture import Architecture
from nas_core.training.model import build_model


def main(address: str, epochs: int, n: int) -> None:
    """Train the first `n` of them, each once."""
    data = load(address)
    networks = Networks(data)
    lines = (Path(address) / "search/candidates.jsonl").read_text().splitlines()[:n]
    found = [Architecture.from_json(json.loads(line)["architecture"]) for line in lines]

    def build(hp):
        model = build_model(found[hp.Choice("network", list(range(len(found))))], data.transforms)
        networks.compile(model)
        return model

    with tempfile.TemporaryDirectory() as folder:
        objective = keras_tuner.Objective("val_loss", "min")
        tuner = keras_tuner.GridSearch(build, objective, directory=folder, project_name="search")
        tuner.search(**fit_arguments(data), epochs=epochs, verbose=0)
        sys.stdout.write(json.dumps(len(tuner.oracle.trials)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
