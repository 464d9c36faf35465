"""From an architecture to Keras: the trunk between a task's stem and its head."""

from __future__ import annotations

from typing import Any

from nas_core.space.architecture import Architecture
from nas_core.space.layer import Shape, load_layer


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
