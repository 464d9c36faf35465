"""The first layer for pictures: bytes to numbers round 0, each channel in its standard deviations.

It lies in the graph, so that an exported model takes the bytes of a picture.
"""

from __future__ import annotations

from math import prod
from typing import Any

from nas_core.space.layer import Cost


def cost(transform: dict[str, Any]) -> Cost:
    """No weights; two operations a value."""
    return Cost(0, 2 * prod(transform["shape"]))


def build(transform: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Keras inputs by name, and the tensor (batch, height, width, channels) that the trunk begins with."""
    import keras

    image = keras.Input(tuple(transform["shape"]), name="image", dtype="uint8")
    factors = [1 / std for std in transform["std"]]
    offsets = [-mean / std for mean, std in zip(transform["mean"], transform["std"], strict=True)]
    return {"image": image}, keras.layers.Rescaling(factors, offsets, name="stem_scale")(image)
