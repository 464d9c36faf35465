"""A network in words and numbers: each layer with its shape and cost, from stem to head. No Keras."""

from __future__ import annotations

from typing import Any

from nas_core.space.architecture import Architecture, Value
from nas_core.space.layer import Cost, Shape, load_layer
from nas_core.training.model import ends


def describe_model(architecture: Architecture, transforms: dict[str, Any]) -> dict[str, Any]:
    """The content of ``architecture.json``: `fingerprint`, `parameters`, `flops` and `layers` from stem to head."""
    task_ends = ends(transforms)
    shape = task_ends.shape
    layers, total = [_layer("stem", {}, shape, task_ends.stem)], task_ends.stem
    for choice in architecture:
        layer, params = load_layer(choice.kind), dict(choice.params)
        cost, behind = layer.cost(shape, **params), layer.output_shape(shape, **params)
        if behind is None:
            raise ValueError(f"{choice} does not fit behind the shape {shape}.")
        shape, total = behind, total + cost
        layers.append(_layer(choice.kind, params, shape, cost))
    head = task_ends.head(shape)
    layers.append(_layer("head", {}, task_ends.output, head))
    total = total + head
    return {
        "fingerprint": architecture.fingerprint,
        "parameters": total.parameters,
        "flops": total.flops,
        "layers": layers,
    }


def _layer(kind: str, params: dict[str, Value], shape: Shape, cost: Cost) -> dict[str, Any]:
    return {
        "layer": kind,
        "params": params,
        "output_shape": list(shape),
        "parameters": cost.parameters,
        "flops": cost.flops,
    }
