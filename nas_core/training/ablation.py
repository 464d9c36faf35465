"""What each layer of a trained network is worth: the score that is lost when a linear map stands in its place.

The layers behind have learned from what the layer gives, so it cannot merely be left out. The linear map that comes
nearest to it (least squares on training rows; Din et al., "Jump to conclusions", LREC-COLING 2024) melts into the next
layer's matrix, so that what is measured has one layer less. A layer that is linear in use, such as dropout, loses
nothing: its work is done in training.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from nas_core.data.folds import take
from nas_core.data.prepared import Prepared, Split
from nas_core.space.architecture import Architecture
from nas_core.space.build import layer_name
from nas_core.tasks.registry import load_part
from nas_core.training.feed import inputs_of
from nas_core.training.judge import judge

MAX_ROWS = 2_000  # to judge by, and to fit a map to
MAX_VALUES = 2**24  # of what a layer gives for them
RIDGE = 1e-6  # of the mean square of what the layer takes
N_RESAMPLES = 200


def measure_ablation(
    models: Sequence[Any], architecture: Architecture, data: Prepared, seconds: float
) -> list[dict[str, Any]]:
    """``layer`` (its place, 1 is the first behind the stem), ``fall`` (of the score on test rows) and its ``std``.

    Layers that change a vector into something of another form are left out, and those that `seconds` do not suffice
    for.

    Args:
        models: the trained networks of `architecture`, of which the model is the mean.
        architecture: what they have in common.
        data: of the run.
        seconds: after which no further layer is begun.
    """
    clock, test, train = time.perf_counter(), _some(data.split("test")), _some(data.split("train"))
    whole = np.mean([_call(model, test.inputs) for model in models], axis=0)
    found = []
    for index, choice in enumerate(architecture):
        if time.perf_counter() - clock > seconds:
            break
        outputs = [_without(model, layer_name(index, choice.kind), train, test) for model in models]
        known = [output for output in outputs if output is not None]
        if len(known) == len(models):
            found.append({"layer": index + 1, **_compare(data, test.target, whole, np.mean(known, axis=0))})
    return found


def _some(rows: Split) -> Split:
    some = take(rows, np.sort(np.random.default_rng(0).permutation(len(rows))[:MAX_ROWS]))
    return Split(inputs_of(some), some.target)


def _call(model: Any, inputs: Any) -> np.ndarray:
    return np.asarray(model(inputs, training=False))


def _without(model: Any, name: str, train: Split, test: Split) -> np.ndarray | None:
    """What `model` says of the test rows with a linear map in place of the layer `name`; None where none fits."""
    import keras

    own = [layer for layer in model.layers if layer.name == name or layer.name.startswith(f"{name}_")]
    before, behind = own[0].input, own[-1].output
    if before.shape[1:-1] != behind.shape[1:-1] or MAX_ROWS * np.prod(behind.shape[1:]) > MAX_VALUES:
        return None
    around = keras.Model(model.input, [before, behind])
    learned = [np.asarray(x, np.float64).reshape(-1, x.shape[-1]) for x in around(train.inputs, training=False)]
    x = np.asarray(around(test.inputs, training=False)[0], np.float64)
    return _call(keras.Model(behind, model.output), _map(x, *learned).astype(np.float32))


def _map(x: np.ndarray, before: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """`x` through the linear map, with a shift, that comes nearest to `before` → `behind`."""
    means = before.mean(axis=0), behind.mean(axis=0)
    centred = before - means[0]
    square = centred.T @ centred
    square[np.diag_indices_from(square)] += RIDGE * np.trace(square) / len(square) + 1e-12
    return np.asarray((x - means[0]) @ np.linalg.solve(square, centred.T @ (behind - means[1])) + means[1])


def _compare(data: Prepared, truth: np.ndarray, whole: np.ndarray, without: np.ndarray) -> dict[str, float]:
    """How far the score falls, and by how much chance (the bootstrap over the rows) moves that."""
    part = load_part(data.schema["task"], "target", "figures")
    target, metric = data.transforms["target"], data.schema["metric"]
    counts = np.random.default_rng(0).multinomial(len(truth), np.full(len(truth), 1 / len(truth)), N_RESAMPLES)
    scores = [
        part.score(target, metric, {metric: part.resampled(target, metric, truth, output, counts)})
        for output in (whole, without)
    ]
    fall = judge(data, truth, whole)[1] - judge(data, truth, without)[1]
    return {"fall": fall, "std": float(np.std(scores[0] - scores[1]))}
