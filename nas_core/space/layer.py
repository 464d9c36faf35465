"""What a kind of layer answers, and the registry of kinds.

A kind is one module in :mod:`nas_core.space.layers`. Layers and tasks never name each other: they meet through a shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from nas_core.space.architecture import Choice, Value

Shape = tuple[int, ...]  # of one row, without the batch axis


@dataclass(frozen=True)
class Cost:
    """Trainable weights, and floating-point operations for one row (a multiply-add counts two)."""

    parameters: int = 0
    flops: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.flops + other.flops)


class Layer(Protocol):
    """One kind of layer. `params` are those of a choice."""

    CHOICES: tuple[Choice, ...]  # what a vocabulary offers of this kind, in order
    REPEATS: bool  # whether the kind may directly follow itself

    def output_shape(self, shape: Shape, **params: Value) -> Shape | None:
        """The shape behind the layer, or None when it does not fit behind `shape`."""

    def cost(self, shape: Shape, **params: Value) -> Cost:
        """What the layer adds to the size of a network."""

    def apply(self, x: Any, name: str, **params: Value) -> Any:
        """Append the layer to the Keras tensor `x`; its Keras layers are called `name` or begin with ``name_``."""


LAYERS = {
    "dense": "nas_core.space.layers.dense",
    "residual": "nas_core.space.layers.residual",
    "gate": "nas_core.space.layers.gate",
    "dropout": "nas_core.space.layers.dropout",
    "normalization": "nas_core.space.layers.normalization",
    "members": "nas_core.space.layers.members",
    "conv": "nas_core.space.layers.conv",
    "separable": "nas_core.space.layers.separable",
    "depthwise": "nas_core.space.layers.depthwise",
    "inverted": "nas_core.space.layers.inverted",
    "conv_residual": "nas_core.space.layers.conv_residual",
    "pooling": "nas_core.space.layers.pooling",
    "global_pooling": "nas_core.space.layers.global_pooling",
    "flatten": "nas_core.space.layers.flatten",
    "backbone": "nas_core.space.layers.backbone",
}


def is_whole(choice: Choice) -> bool:
    """Whether the layer is, with a head, a network by itself (its module says ``WHOLE``)."""
    return bool(getattr(load_layer(choice.kind), "WHOLE", False))


@cache
def load_layer(kind: str) -> Layer:
    """The module registered for `kind`; KeyError when there is none."""
    return cast(Layer, import_module(LAYERS[kind]))
