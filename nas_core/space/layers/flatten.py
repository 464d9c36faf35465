"""All values of a small picture side by side; behind it stand layers of vectors, which know each place."""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = (Choice.of("flatten"),)
REPEATS = False
MOST_VALUES = 8_192


def output_shape(shape: Shape) -> Shape | None:
    """(height, width, channels) becomes (height · width · channels,), at most 8,192 values."""
    return (prod(shape),) if len(shape) == 3 and prod(shape) <= MOST_VALUES else None


def cost(shape: Shape) -> Cost:
    """Nothing."""
    return Cost()


def apply(x: Any, name: str) -> Any:
    """Append the layer."""
    import keras

    return keras.layers.Flatten(name=name)(x)
