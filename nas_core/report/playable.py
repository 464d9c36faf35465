"""A small network as plain arrays, so that a spreadsheet can compute it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run
from nas_core.space.architecture import Architecture
from nas_core.space.build import layer_name
from nas_core.space.layer import load_layer
from nas_core.tasks.registry import load_part, load_task

Weights = dict[str, list[np.ndarray]]  # by the name of the Keras layer, in its order
HEAD, MEMBERS = "head", "members"


@dataclass(frozen=True)
class Network:
    """One network: its `layers` (kind and parameters of each, in order) and their weights.

    Its output is the mean of its `members`; each has what the stem gives multiplied by `factors` of its own (None: it
    is the only one), and a head.
    """

    layers: tuple[tuple[str, dict[str, Any]], ...]
    weights: Weights
    members: tuple[tuple[np.ndarray | None, Sequence[np.ndarray]], ...]


@dataclass(frozen=True)
class Playable:
    """A model whose outputs are the mean of `networks`.

    `calibration` follows the mean. `example` fills in the questions for the first test row, `expected` is what the
    model said of it.
    """

    task: str
    transforms: dict[str, Any]
    networks: tuple[Network, ...]
    calibration: dict[str, Any]
    example: tuple[float | str | None, ...]
    expected: tuple[float, ...]


def read_playable(run: Run) -> Playable | None:
    """The model, where train left its weights (it is small) and all of it can be said in formulas."""
    if not run.path(layout.WEIGHTS_OF_WINNER).exists():
        return None
    transforms = read_json(run.path(layout.TRANSFORMS))
    task = transforms["task"]
    if not all(_has_formulas(task, end) for end in ("input", "target")):
        return None
    networks = _networks(run)
    if not all(_is_said(layer) for network in networks for layer in network.layers):
        return None
    inputs = {
        path.stem.removeprefix("test_"): np.load(path, mmap_mode="r")
        for path in run.path(layout.ARRAYS).glob("test_*.npy")
    }
    with np.load(run.path(layout.TEST_OUTPUTS)) as saved:
        expected = saved["network"][0]
    example = load_part(task, "input", "formulas").answers(transforms["input"], inputs)
    return Playable(
        task=task,
        transforms=transforms,
        networks=networks,
        calibration=read_json(run.path(layout.CALIBRATION)),
        example=tuple(example),
        expected=tuple(float(x) for x in expected),
    )


def _is_said(layer: tuple[str, dict[str, Any]]) -> bool:
    return hasattr(load_layer(layer[0]), "steps") or layer[0] == MEMBERS


def _networks(run: Run) -> tuple[Network, ...]:
    """The networks of the mean: the winner's and the others', each as often as it was trained."""
    described, copies = read_json(run.path(layout.ARCHITECTURE)), _copies(run)
    winner = tuple((layer["layer"], layer["params"]) for layer in described["layers"][1:-1])
    others = [Architecture.from_json(other) for other in described.get("others", ())]
    architectures = [winner, *(tuple((c.kind, dict(c.params)) for c in other) for other in others)]
    n = len(copies) // len(architectures)
    return tuple(_network(architectures[place // n], weights) for place, weights in enumerate(copies))


def _network(layers: tuple[tuple[str, dict[str, Any]], ...], weights: Weights) -> Network:
    if layers and layers[0][0] == MEMBERS:
        matrices, bias = weights[HEAD]
        (factors,) = weights[layer_name(0, MEMBERS)]
        heads = ((matrix, bias) for matrix in matrices)
        return Network(layers, weights, tuple(zip(factors, heads, strict=True)))
    return Network(layers, weights, ((None, weights[HEAD]),))


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
