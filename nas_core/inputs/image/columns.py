"""What the linear model takes of a picture; which columns can be shuffled."""

from __future__ import annotations

from typing import Any

import numpy as np

SIDE = 16  # pixels of the picture that a linear model sees
CHUNK = 1_024


def places(transform: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """Nothing: of one column alone it tells nothing how much the network relies on it."""
    return {}


def linear_features(transform: dict[str, Any], inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Means of patches in standard deviations, at most 16 by 16 a channel: float32 (rows, features)."""
    pixels = inputs["image"]
    chunks = [_small(pixels[i : i + CHUNK]) for i in range(0, len(pixels), CHUNK)]
    scaled = (np.concatenate(chunks) - transform["mean"]) / transform["std"]
    return np.asarray(scaled.reshape(len(pixels), -1), np.float32)


def _small(pixels: np.ndarray) -> np.ndarray:
    """Means over patches, float64 (rows, height, width, channels)."""
    for axis in (1, 2):
        starts = np.unique(np.linspace(0, pixels.shape[axis], SIDE, endpoint=False).astype(int))
        lengths = np.diff(np.append(starts, pixels.shape[axis]))
        sums = np.add.reduceat(pixels.astype(np.float64), starts, axis=axis)
        pixels = sums / lengths.reshape([-1 if other == axis else 1 for other in range(pixels.ndim)])
    return pixels
