"""The last layer of a network that may hold several members (see :mod:`nas_core.space.layers.members`).

Trained, each member is judged by itself, or they would all learn one thing; used, they speak with their mean.
Behind a trunk of pictures it takes the mean of each channel.
"""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.layer import Cost, Shape

HEAD, MEAN, POOL = "head", "head_mean", "head_pool"
EXACT = "float32"  # what a head calculates with, whatever the layers before it do


def cost(shape: Shape, n_outputs: int) -> Cost:
    """A matrix behind `shape`, (width,), (members, width) or (height, width, channels), and a bias.

    Each member has a matrix of its own, the bias they share.
    """
    if len(shape) == 3:
        return Cost(0, prod(shape)) + cost(shape[-1:], n_outputs)
    *members, width = shape
    n = members[0] if members else 1
    return Cost((n * width + 1) * n_outputs, n * (2 * width + 1) * n_outputs)


def dense(x: Any, n_outputs: int) -> Any:
    """Outputs of the trunk `x`: (batch, n_outputs), or those of each member, (batch, members, n_outputs).

    The members share the bias: LiteRT's converter fails on one of (members, 1).
    """
    import keras

    if len(x.shape) == 4:
        x = keras.layers.GlobalAveragePooling2D(name=POOL)(x)
    if len(x.shape) == 2:
        return keras.layers.Dense(n_outputs, name=HEAD, dtype=EXACT)(x)
    return keras.layers.EinsumDense("abc,bcd->abd", (x.shape[1], n_outputs), bias_axes="d", name=HEAD, dtype=EXACT)(x)


def mean(x: Any) -> Any:
    """The outputs averaged over the members, where there are any."""
    import keras

    return x if len(x.shape) == 2 else keras.layers.GlobalAveragePooling1D(name=MEAN, dtype=EXACT)(x)


def each(model: Any) -> Any:
    """A model of the same weights that gives what each member says; `model` itself where it has none."""
    import keras

    last = model.layers[-1]
    return keras.Model(model.input, last.input) if last.name == MEAN else model
