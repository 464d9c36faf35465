"""Dropout: in training, each value is left out with probability `rate` (Srivastava et al., JMLR 2014)."""

from __future__ import annotations

from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape
from nas_core.space.steps import Dropout, Step

CHOICES = tuple(Choice.of("dropout", rate=rate) for rate in (0.1, 0.25, 0.5))
REPEATS = False


def output_shape(shape: Shape, *, rate: float) -> Shape | None:
    """Any shape; it stays."""
    return shape


def cost(shape: Shape, *, rate: float) -> Cost:
    """Nothing when the network is used."""
    return Cost()


def apply(x: Any, name: str, *, rate: float) -> Any:
    """Append the layer."""
    import keras

    return keras.layers.Dropout(rate, name=name)(x)


def steps(shape: Shape, name: str, *, rate: float) -> tuple[Step, ...]:
    """The dropout alone: it has no weights."""
    return (Dropout(rate),)
