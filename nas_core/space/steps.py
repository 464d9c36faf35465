"""The words in which a layer of vectors says what it computes, so that a bank can train it without Keras building it.

A layer that can be part of a bank (:mod:`nas_core.evaluation.bank`) has, beside the functions of
:class:`nas_core.space.layer.Layer`, a function ``steps(shape, name, **params)`` that returns a tuple of these. The
`name` of a step is that of the Keras layer which ``apply`` would have made for it.
"""

from __future__ import annotations

from dataclasses import dataclass

NORM_EPSILON, MOMENTUM = 1e-3, 0.99  # of a normalisation: Keras' defaults
ACTIVATIONS = ("linear", "relu", "prelu", "silu", "tanh", "gate")


@dataclass(frozen=True)
class Dropout:
    """In training each value is left out with probability `rate`."""

    rate: float


@dataclass(frozen=True)
class Keep:
    """Remember the vector for the next :class:`Add`."""


@dataclass(frozen=True)
class Norm:
    """Normalise over the ``batch`` or the ``row``, with a scale and a shift a channel, as Keras does by default."""

    name: str
    over: str


@dataclass(frozen=True)
class Matrix:
    """``activation(x W + b)`` with an activation of :data:`ACTIVATIONS`; `initializer` is Keras' name of one.

    The slopes of "prelu" belong to a Keras layer called ``<name>_slope``. "gate" stands for ``2x ⊙ σ(x W + b)``.
    """

    name: str
    units: int
    activation: str
    initializer: str


@dataclass(frozen=True)
class Add:
    """Add the vector that was kept."""


Step = Dropout | Keep | Norm | Matrix | Add
