"""An inverted residual block with squeeze-and-excitation: widen, look around, weigh the channels, narrow.

Sandler et al., "MobileNetV2", CVPR 2018; Howard et al., "Searching for MobileNetV3", ICCV 2019.
"""

from __future__ import annotations

from typing import Any

from nas_core.space import convolution
from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = tuple(Choice.of("inverted", filters=filters, stride=stride) for filters in (32, 64) for stride in (1, 2))
REPEATS = True
EXPANSION = 4
KERNEL = 3


def output_shape(shape: Shape, *, filters: int, stride: int) -> Shape | None:
    """(height, width, channels) becomes (height / stride, width / stride, filters)."""
    return convolution.strided(shape, filters, stride)


def cost(shape: Shape, *, filters: int, stride: int) -> Cost:
    """Two matrices over the channels, a kernel a channel between them, the weighing."""
    wide = (*shape[:2], EXPANSION * shape[-1])
    behind = convolution.strided(wide, wide[-1], stride) or wide
    return (
        convolution.conv_cost(shape, wide[-1], 1)
        + convolution.depthwise_cost(wide, KERNEL, stride)
        + convolution.excite_cost(behind)
        + convolution.conv_cost(behind, filters, 1)
    )


def apply(x: Any, name: str, *, filters: int, stride: int) -> Any:
    """Append the block; what came in is added where the shape allows it."""
    import keras

    y = convolution.conv(x, f"{name}_widen", EXPANSION * x.shape[-1], 1)
    y = convolution.depthwise(y, f"{name}_look", KERNEL, stride)
    y = convolution.excite(y, f"{name}_weigh")
    y = convolution.conv(y, f"{name}_narrow", filters, 1, activation="linear")
    return keras.layers.Add(name=name)([x, y]) if stride == 1 and x.shape[-1] == filters else y
