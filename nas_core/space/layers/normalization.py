"""Normalisation over the batch (Ioffe & Szegedy 2015) or over the row (Ba et al. 2016)."""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape
from nas_core.space.steps import Norm, Step

CHOICES = tuple(Choice.of("normalization", over=over) for over in ("batch", "row"))
REPEATS = False


def output_shape(shape: Shape, *, over: str) -> Shape | None:
    """Any shape; it stays."""
    return shape


def cost(shape: Shape, *, over: str) -> Cost:
    """A scale and a shift for each channel; over the row, mean and variance are computed each time."""
    return Cost(2 * shape[-1], (2 if over == "batch" else 6) * prod(shape))


def apply(x: Any, name: str, *, over: str) -> Any:
    """Append the layer."""
    import keras

    kind = keras.layers.BatchNormalization if over == "batch" else keras.layers.LayerNormalization
    return kind(name=name)(x)


def steps(shape: Shape, name: str, *, over: str) -> tuple[Step, ...]:
    """One normalisation."""
    return (Norm(name, over),)
