"""The whole network: a task's stem, the trunk of an architecture, the task's head. And its weights as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nas_core.space.architecture import Architecture
from nas_core.space.build import build_trunk
from nas_core.space.cost import Ends
from nas_core.space.layer import LAYERS, load_layer
from nas_core.tasks.registry import load_part


def ends(transforms: dict[str, Any]) -> Ends:
    """What the space has to know of the task: the trunk's input shape and the size of stem and head. No Keras."""
    task, target = transforms["task"], transforms["target"]
    head = load_part(task, "target", "head")
    return Ends(
        shape=load_part(task, "input", "transform").shape(transforms["input"]),
        stem=load_part(task, "input", "stem").cost(transforms["input"]),
        head=lambda shape: head.cost(target, shape),
        output=head.output_shape(target),
    )


def build_model(architecture: Architecture, transforms: dict[str, Any], name: str | None = None) -> Any:
    """The Keras model of `architecture` for this run's data: raw arrays in, probabilities or units out."""
    task = transforms["task"]
    inputs, x = load_part(task, "input", "stem").build(transforms["input"])
    x = build_trunk(architecture, x)
    import keras

    return keras.Model(inputs, load_part(task, "target", "head").build(transforms["target"], x), name=name)


def speeds(model: Any) -> list[float]:
    """For each trainable weight of `model` what its step is multiplied with: the ``SPEED`` of its kind of layer."""
    kinds = [variable.path.split("/")[0].partition("_")[2] for variable in model.trainable_variables]
    return [getattr(load_layer(kind), "SPEED", 1.0) if kind in LAYERS else 1.0 for kind in kinds]


def average_models(models: list[Any]) -> Any:
    """One model whose output is the mean of the outputs of `models`, which take the same inputs."""
    if len(models) == 1:
        return models[0]
    import keras

    inputs = models[0].input
    return keras.Model(inputs, keras.layers.Average(name="mean")([model(inputs) for model in models]))


def calibrated(model: Any, transforms: dict[str, Any], calibration: dict[str, Any]) -> Any:
    """`model` followed by what the ``calibration`` of its target (:func:`fit`) makes of its output."""
    import keras

    part = load_part(transforms["task"], "target", "calibration")
    return keras.Model(model.input, part.build(calibration, model.output), name=model.name)


def copies_of_weights(model: Any) -> dict[str, np.ndarray]:
    """Every weight as ``<copy>/<layer>/<index>``: of each model that `model` is the mean of, or of itself."""
    import keras

    copies = [layer for layer in model.layers if isinstance(layer, keras.Model)] or [model]
    return {
        f"{number}/{layer.name}/{i}": weight
        for number, copy in enumerate(copies)
        for layer in copy.layers
        for i, weight in enumerate(layer.get_weights())
    }


def save_weights(model: Any, path: Path) -> None:
    """Write every weight of `model` as ``<layer>/<index>``."""
    write_weights({f"{layer.name}/{i}": w for layer in model.layers for i, w in enumerate(layer.get_weights())}, path)


def write_weights(weights: dict[str, np.ndarray], path: Path) -> None:
    """Write arrays into an ``.npz``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp.npz")
    np.savez(temporary, **weights)  # type: ignore[arg-type]
    temporary.replace(path)


def inherit_weights(model: Any, path: Path) -> None:
    """Begin with the weights at `path` wherever layer and shape are the same."""
    with np.load(path) as saved:
        set_weights(model, saved)


def set_weights(model: Any, saved: Mapping[str, np.ndarray]) -> None:
    """Give `model` the weights that are ``saved`` as ``<layer>/<index>``, wherever layer and shape are the same."""
    for layer in model.layers:
        own = layer.get_weights()
        old = [saved[name] for i in range(len(own)) if (name := f"{layer.name}/{i}") in saved]
        if own and [w.shape for w in old] == [w.shape for w in own]:
            layer.set_weights(old)
