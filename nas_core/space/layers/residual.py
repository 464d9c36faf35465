"""A pre-normalised residual block: x + W₂ f(W₁ norm(x)), of the width it meets.

He et al., "Identity mappings in deep residual networks", ECCV 2016; for tables Gorishniy et al., "Revisiting deep
learning models for tabular data", NeurIPS 2021.
"""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape
from nas_core.space.steps import Add, Keep, Matrix, Norm, Step

CHOICES = tuple(Choice.of("residual", activation=activation) for activation in ("relu", "silu"))
REPEATS = True


def output_shape(shape: Shape, *, activation: str) -> Shape | None:
    """(n,) or (members, n); the shape stays."""
    return shape if len(shape) <= 2 else None


def cost(shape: Shape, *, activation: str) -> Cost:
    """Two square matrices with their biases, a normalisation, the sum."""
    n = shape[-1]
    return Cost(2 * (n * n + n) + 2 * n, prod(shape[:-1]) * (2 * (2 * n * n + n) + 6 * n))


def apply(x: Any, name: str, *, activation: str) -> Any:
    """Append the block; its last matrix begins at zero, so that a new block first changes nothing."""
    import keras

    width = x.shape[-1]
    y = keras.layers.LayerNormalization(name=f"{name}_norm")(x)
    y = keras.layers.Dense(width, activation=activation, kernel_initializer="he_normal", name=f"{name}_in")(y)
    y = keras.layers.Dense(width, kernel_initializer="zeros", name=f"{name}_out")(y)
    return keras.layers.Add(name=name)([x, y])


def steps(shape: Shape, name: str, *, activation: str) -> tuple[Step, ...]:
    """Two matrices beside the vector that is kept."""
    return (
        Keep(),
        Norm(f"{name}_norm", "row"),
        Matrix(f"{name}_in", shape[0], activation, "he_normal"),
        Matrix(f"{name}_out", shape[0], "linear", "zeros"),
        Add(),
    )
