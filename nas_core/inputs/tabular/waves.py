"""Waves of a number: sines and cosines of it, by which a network can tell close values apart.

Periodic encoding as in Gorishniy et al., "On embeddings for numerical features in tabular deep learning", NeurIPS 2022,
with frequencies that are drawn once instead of learned (Rahimi & Recht, "Random features for large-scale kernel
machines", NeurIPS 2007): so they are data of the transform, and the first layer does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

MOST = 8  # frequencies of a column
WIDTH_TOGETHER = 192  # sines and cosines of all columns
SPREAD = 0.3  # of the frequencies: waves in a standard deviation of the number


def draw(numbers: Sequence[np.ndarray]) -> list[list[float]]:
    """Ascending frequencies of each column; none where two values say everything.

    Args:
        numbers: training rows of each column, NaN where one is missing.
    """
    is_curved = [len(np.unique(x[np.isfinite(x)])) > 2 for x in numbers]
    n = min(MOST, WIDTH_TOGETHER // (2 * max(sum(is_curved), 1)))
    rng = np.random.default_rng(0)
    return [np.sort(np.abs(rng.normal(0, SPREAD, n))).tolist() if curved else [] for curved in is_curved]


def width(waves: Sequence[Sequence[float]]) -> int:
    """How many numbers the waves of all columns are."""
    return 2 * sum(map(len, waves))


def places(waves: Sequence[Sequence[float]]) -> tuple[list[int], np.ndarray]:
    """For every wave the column that it is of, and 2π times its frequency."""
    columns = [column for column, own in enumerate(waves) for _ in own]
    return columns, 2 * np.pi * np.array([frequency for own in waves for frequency in own], np.float32)


def encode(waves: Sequence[Sequence[float]], scaled: np.ndarray) -> np.ndarray:
    """All sines, then all cosines, of `scaled` numbers (rows, columns): (rows, :func:`width`)."""
    columns, factors = places(waves)
    angles = scaled[:, columns] * factors
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def build(waves: Sequence[Sequence[float]], scaled: Any) -> Any:
    """The same of the Keras tensor `scaled`."""
    import keras

    columns, factors = places(waves)
    angles = keras.layers.Rescaling(factors.tolist(), name="stem_waves")(keras.ops.take(scaled, columns, axis=1))
    return keras.layers.Concatenate()([keras.ops.sin(angles), keras.ops.cos(angles)])
