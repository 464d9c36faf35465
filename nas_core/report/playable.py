"""A small network as plain arrays, so that a spreadsheet can compute it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run
from nas_core.space.layer import load_layer
from nas_core.tasks.registry import load_part, load_task

Weights = dict[str, list[np.ndarray]]  # by the name of the Keras layer, in its order


@dataclass(frozen=True)
class Playable:
    """A network whose outputs are the mean of `copies`, its `layers` (kind and parameters of each in order).

    `calibration` follows the mean. `example` fills in the questions for the first test row, `expected` is what the
    network said of it.
    """

    task: str
    transforms: dict[str, Any]
    layers: tuple[tuple[str, dict[str, Any]], ...]
    copies: tuple[Weights, ...]
    calibration: dict[str, Any]
    example: tuple[float | str | None, ...]
    expected: tuple[float, ...]


def read_playable(run: Run) -> Playable | None:
    """The winner, where train left its weights (it is small) and all of it can be said in formulas."""
    if not run.path(layout.WEIGHTS_OF_WINNER).exists():
        return None
    transforms = read_json(run.path(layout.TRANSFORMS))
    task = transforms["task"]
    if not all(_has_formulas(task, end) for end in ("input", "target")):
        return None
    inputs = {
        path.stem.removeprefix("test_"): np.load(path, mmap_mode="r")
        for path in run.path(layout.ARRAYS).glob("test_*.npy")
    }
    layers = read_json(run.path(layout.ARCHITECTURE))["layers"][1:-1]
    if not all(hasattr(load_layer(layer["layer"]), "steps") for layer in layers):
        return None
    with np.load(run.path(layout.TEST_OUTPUTS)) as saved:
        expected = saved["network"][0]
    example = load_part(task, "input", "formulas").answers(transforms["input"], inputs)
    return Playable(
        task=task,
        transforms=transforms,
        layers=tuple((layer["layer"], layer["params"]) for layer in layers),
        copies=_copies(run),
        calibration=read_json(run.path(layout.CALIBRATION)),
        example=tuple(example),
        expected=tuple(float(x) for x in expected),
    )


def _has_formulas(task: str, end: str) -> bool:
    return find_spec(f"nas_core.{end}s.{getattr(load_task(task), end)}.formulas") is not None


def _copies(run: Run) -> tuple[Weights, ...]:
    """Train's ``<copy>/<layer>/<index>`` by copy and layer."""
    found: dict[int, Weights] = defaultdict(lambda: defaultdict(list))
    with np.load(run.path(layout.WEIGHTS_OF_WINNER)) as saved:
        for name in saved.files:  # in the order of writing: of one layer its indices rise
            copy, layer, _ = name.split("/")
            found[int(copy)][layer].append(saved[name])
    return tuple(found[copy] for copy in sorted(found))
