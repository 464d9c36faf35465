"""Several networks in one: behind it each row runs through the following layers once a member.

Each member scales the vector in its own way and has a head of its own, all else they share, and their outputs are
averaged: an ensemble at a fraction of its size (TabM-mini: Gorishniy et al., "TabM", ICLR 2025, after Wen et al.,
"BatchEnsemble", ICLR 2020).
"""

from __future__ import annotations

from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = (Choice.of("members", count=8),)
REPEATS = False
SPEED = 3.0  # of the factors' steps: each is learned from by one member alone


def output_shape(shape: Shape, *, count: int) -> Shape | None:
    """A vector (n,) becomes (count, n)."""
    return (count, *shape) if len(shape) == 1 else None


def cost(shape: Shape, *, count: int) -> Cost:
    """A factor for each value of each member."""
    return Cost(count * shape[0], count * shape[0])


def apply(x: Any, name: str, *, count: int) -> Any:
    """Append the layer; the first factors are drawn from the normal distribution, so that the members differ."""
    import keras

    x = keras.layers.RepeatVector(count, name=f"{name}_copies")(x)
    normal = keras.initializers.RandomNormal(stddev=1.0)
    return keras.layers.EinsumDense("abc,bc->abc", (count, x.shape[-1]), kernel_initializer=normal, name=name)(x)
