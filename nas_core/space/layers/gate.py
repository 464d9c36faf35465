"""A gate: each value of the vector is let through as far as the others say, 2x ⊙ σ(W x + b).

Dauphin et al., "Language modeling with gated convolutional networks", ICML 2017; on the vector itself as in Miech et
al., "Learnable pooling with context gating", 2017.
"""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape
from nas_core.space.steps import Matrix, Step

CHOICES = (Choice.of("gate"),)
REPEATS = False


def output_shape(shape: Shape) -> Shape | None:
    """(n,) or (members, n); the shape stays."""
    return shape if len(shape) <= 2 else None


def cost(shape: Shape) -> Cost:
    """A square matrix and a bias; the products."""
    n = shape[-1]
    return Cost(n * n + n, prod(shape[:-1]) * (2 * n * n + 3 * n))


def apply(x: Any, name: str) -> Any:
    """Append the gate; its matrix begins at zero, so that a new gate first changes nothing."""
    import keras

    gate = keras.layers.Dense(x.shape[-1], activation="sigmoid", kernel_initializer="zeros", name=f"{name}_open")(x)
    gate = keras.layers.Rescaling(2.0, name=f"{name}_twice")(gate)
    return keras.layers.Multiply(name=name)([x, gate])


def steps(shape: Shape, name: str) -> tuple[Step, ...]:
    """One matrix, whose product says how far what it multiplied is let through."""
    return (Matrix(f"{name}_open", shape[0], "gate", "zeros"),)
