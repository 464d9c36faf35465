"""The trunk between a task's stem and its head: an architecture as layers of Keras, or as steps of a bank."""

from __future__ import annotations

from typing import Any

from nas_core.space.architecture import Architecture
from nas_core.space.layer import Shape, load_layer
from nas_core.space.steps import ACTIVATIONS, Matrix, Step


def layer_name(index: int, kind: str) -> str:
    """The Keras name of the `index`-th layer (from 0): equal prefixes of two architectures get equal names."""
    return f"layer{index + 1}_{kind}"


def build_trunk(architecture: Architecture, x: Any) -> Any:
    """Append all layers of `architecture` to the Keras tensor `x`."""
    for index, choice in enumerate(architecture):
        x = load_layer(choice.kind).apply(x, layer_name(index, choice.kind), **dict(choice.params))
    return x


def shape_behind(architecture: Architecture, shape: Shape) -> Shape | None:
    """What the trunk makes of `shape`; None when one of its layers does not fit."""
    behind: Shape | None = shape
    for choice in architecture:
        behind = load_layer(choice.kind).output_shape(behind, **dict(choice.params)) if behind else None
    return behind


def steps_of(architecture: Architecture, shape: Shape) -> tuple[Step, ...] | None:
    """What the trunk computes behind `shape`; None when one of its layers cannot be part of a bank."""
    steps: list[Step] = []
    behind = shape
    for index, choice in enumerate(architecture):
        layer, params = load_layer(choice.kind), dict(choice.params)
        declare = getattr(layer, "steps", None)
        next_shape = layer.output_shape(behind, **params)
        if declare is None or next_shape is None or len(behind) != 1 or min(next_shape) < 1:
            return None
        steps += declare(behind, layer_name(index, choice.kind), **params)
        behind = next_shape
    is_known = all(step.activation in ACTIVATIONS for step in steps if isinstance(step, Matrix))
    return tuple(steps) if is_known else None
