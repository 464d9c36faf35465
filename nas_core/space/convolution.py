"""What layers of pictures are made of: convolutions with their normalisation, of shapes (height, width, channels)."""

from __future__ import annotations

from math import ceil
from typing import Any

from nas_core.space.layer import Cost, Shape

LEAST_SIDE = 2  # a smaller picture has no neighbours to look at
SQUEEZE = 4  # channels that squeeze-and-excitation makes one of


def strided(shape: Shape, filters: int, stride: int, least: int = LEAST_SIDE) -> Shape | None:
    """The shape behind a convolution that pads its edges; None when `shape` is no picture, or too small a one."""
    if len(shape) != 3 or min(shape[:2]) < least:
        return None
    return ceil(shape[0] / stride), ceil(shape[1] / stride), filters


def conv_cost(shape: Shape, filters: int, kernel: int, stride: int = 1) -> Cost:
    """A convolution without bias, and its normalisation."""
    height, width, channels = shape
    places, weights = ceil(height / stride) * ceil(width / stride), kernel * kernel * channels * filters
    return Cost(weights + 2 * filters, places * (2 * weights + 2 * filters))


def depthwise_cost(shape: Shape, kernel: int, stride: int = 1) -> Cost:
    """A convolution of each channel by itself, and its normalisation."""
    height, width, channels = shape
    places, weights = ceil(height / stride) * ceil(width / stride), kernel * kernel * channels
    return Cost(weights + 2 * channels, places * (2 * weights + 2 * channels))


def excite_cost(shape: Shape) -> Cost:
    """The mean of each channel, two matrices with their biases, and the product."""
    height, width, channels = shape
    inner = squeezed(channels)
    weights = 2 * channels * inner + inner + channels
    return Cost(weights, 2 * weights + 2 * height * width * channels)


def conv(x: Any, name: str, filters: int, kernel: int, stride: int = 1, activation: str = "relu") -> Any:
    """Convolution, normalisation over the batch (Ioffe & Szegedy 2015), activation; the last is called `name`."""
    import keras

    x = keras.layers.Conv2D(
        filters,
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return _normalised(x, name, activation)


def depthwise(x: Any, name: str, kernel: int, stride: int = 1, activation: str = "relu") -> Any:
    """The same of each channel by itself."""
    import keras

    x = keras.layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_depthwise",
    )(x)
    return _normalised(x, name, activation)


def _normalised(x: Any, name: str, activation: str) -> Any:
    import keras

    x = keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)  # short trainings: it must follow soon
    return keras.layers.Activation(activation, name=name)(x)


def excite(x: Any, name: str) -> Any:
    """Weigh each channel by what all of them say together (Hu et al., "Squeeze-and-excitation networks", CVPR 2018)."""
    import keras

    channels = x.shape[-1]
    y = keras.layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    y = keras.layers.Dense(squeezed(channels), activation="relu", name=f"{name}_inner")(y)
    y = keras.layers.Dense(channels, activation="sigmoid", name=f"{name}_weights")(y)
    return keras.layers.Multiply(name=name)([x, y])


def squeezed(channels: int) -> int:
    """The width of the inner matrix of :func:`excite`."""
    return max(1, channels // SQUEEZE)
