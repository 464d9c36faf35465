"""A fully connected layer with its activation."""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape
from nas_core.space.steps import Matrix, Step

CHOICES = tuple(
    Choice.of("dense", units=units, activation=activation)
    for units in (32, 64, 128, 256)
    for activation in ("relu", "silu", "tanh")
)
REPEATS = True


def output_shape(shape: Shape, *, units: int, activation: str) -> Shape | None:
    """(n,) becomes (units,); of (members, n), each by itself."""
    return (*shape[:-1], units) if len(shape) <= 2 else None


def cost(shape: Shape, *, units: int, activation: str) -> Cost:
    """A matrix and a bias."""
    n = shape[-1]
    return Cost(n * units + units, prod(shape[:-1]) * (2 * n * units + units))


def apply(x: Any, name: str, *, units: int, activation: str) -> Any:
    """Append the layer; the initialisation follows the activation (He et al. 2015, Glorot & Bengio 2010)."""
    import keras

    initializer = _initializer(activation)
    return keras.layers.Dense(units, activation=activation, kernel_initializer=initializer, name=name)(x)


def steps(shape: Shape, name: str, *, units: int, activation: str) -> tuple[Step, ...]:
    """One matrix."""
    return (Matrix(name, units, activation, _initializer(activation)),)


def _initializer(activation: str) -> str:
    return "glorot_uniform" if activation == "tanh" else "he_normal"
