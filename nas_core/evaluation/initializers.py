"""The first weights of a network, drawn as Keras draws them by the initializers of these names."""

from __future__ import annotations

from math import prod

import numpy as np

CUT_OFF = 2.0  # standard deviations, at which a normal distribution is cut off
CUT_DEVIATION = 0.87962566103423978  # the deviation that a standard normal one then has
NARROW = 0.05  # of either side of "uniform"


def draw(initializer: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """An array of `shape`; KeyError for an initializer that no layer of a bank has."""
    if initializer in ("zeros", "ones"):
        return np.full(shape, initializer == "ones", np.float32)
    field = prod(shape[:-2])
    n_in, n_out = field * shape[-2], field * shape[-1]
    if initializer == "he_normal":
        return _cut_normal(shape, rng) * np.float32((2 / n_in) ** 0.5 / CUT_DEVIATION)
    limit = {"uniform": NARROW, "glorot_uniform": (6 / (n_in + n_out)) ** 0.5}[initializer]
    return (2 * rng.random(shape, np.float32) - 1) * np.float32(limit)


def _cut_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    drawn = rng.standard_normal(shape, np.float32)
    while (outside := np.abs(drawn) > CUT_OFF).any():
        drawn[outside] = rng.standard_normal(int(outside.sum()), np.float32)
    return drawn
