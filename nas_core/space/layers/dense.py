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
    for activation in ("relu", "prelu", "silu", "tanh")
)
REPEATS = True


def output_shape(shape: Shape, *, units: int, activation: str) -> Shape | None:
    """(n,) becomes (units,); of (members, n), each by itself."""
    return (*shape[:-1], units) if len(shape) <= 2 else None


def cost(shape: Shape, *, units: int, activation: str) -> Cost:
    """A matrix and a bias, and a slope for each unit where the activation learns it."""
    n, slopes = shape[-1], units if activation == "prelu" else 0
    return Cost(n * units + units + slopes, prod(shape[:-1]) * (2 * n * units + units + slopes))


def apply(x: Any, name: str, *, units: int, activation: str) -> Any:
    """Append the layer; the initialisation follows the activation (He et al. 2015, Glorot & Bengio 2010).

    "prelu" is a rectifier that learns the slope of its left side, unit by unit (He et al., "Delving deep into
    rectifiers", ICCV 2015; begun as a rectifier as in Holzmüller et al., "Better by default", NeurIPS 2024).
    """
    import keras

    initializer = _initializer(activation)
    if activation == "prelu":
        x = keras.layers.Dense(units, kernel_initializer=initializer, name=name)(x)
        return keras.layers.PReLU("zeros", shared_axes=list(range(1, len(x.shape) - 1)), name=f"{name}_slope")(x)
    return keras.layers.Dense(units, activation=activation, kernel_initializer=initializer, name=name)(x)


def steps(shape: Shape, name: str, *, units: int, activation: str) -> tuple[Step, ...]:
    """One matrix."""
    return (Matrix(name, units, activation, _initializer(activation)),)


def _initializer(activation: str) -> str:
    return "glorot_uniform" if activation == "tanh" else "he_normal"
