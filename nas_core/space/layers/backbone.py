"""The beginning of a network that learned from other pictures: MobileNetV2 of ``keras.applications``, whole or in part.

Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018. Its weights are found by prepare
(:mod:`nas_core.inputs.image.backbones`); a search offers those choices only whose weights there are. While a network
learns, the backbone is frozen at first (:mod:`nas_core.training.transfer`); its normalisation always is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nas_core.space import convolution
from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = tuple(Choice.of("backbone", alpha=alpha, blocks=blocks) for alpha in (0.35, 1.0) for blocks in (6, 13, 17))
REPEATS = False
WHOLE = True  # with a head it is a network
LEAST_SIDE = 32
EXPANSION = 6
FIRST, LAST = 32, 1280  # channels of the convolutions before and behind the blocks
BLOCKS = (  # channels at alpha 1, and stride
    *((16, 1), (24, 2), (24, 1), (32, 2), (32, 1), (32, 1)),
    *((64, 2), (64, 1), (64, 1), (64, 1), (96, 1), (96, 1), (96, 1)),
    *((160, 2), (160, 1), (160, 1), (320, 1)),
)


def output_shape(shape: Shape, *, alpha: float, blocks: int) -> Shape | None:
    """(height, width, channels) of a picture becomes an 8th, 16th or 32nd in size; None behind other layers."""
    if len(shape) != 3 or shape[-1] not in (1, 3) or min(shape[:2]) < LEAST_SIDE:
        return None
    return _walk(shape, alpha, blocks)[0]


def cost(shape: Shape, *, alpha: float, blocks: int) -> Cost:
    """Kernels alone: normalisation is not learned."""
    return _walk(shape, alpha, blocks)[1]


def apply(x: Any, name: str, *, alpha: float, blocks: int) -> Any:
    """Append the layers, with fresh weights; grey pictures are given three channels."""
    import keras

    if x.shape[-1] == 1:
        x = keras.layers.Concatenate(name=f"{name}_colours")([x, x, x])
    x = keras.layers.Rescaling(0.5, name=f"{name}_scale")(x)  # from standard deviations to about -1 to 1
    network = keras.applications.MobileNetV2(input_tensor=x, alpha=alpha, include_top=False, weights=None)
    for layer in network.layers:
        if layer.name in _names(alpha):
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
            layer.name = f"{name}_{layer.name}"
    return network.get_layer(f"{name}_{_last(blocks)}").output


@cache
def pretrained(path: Path, *, alpha: float, blocks: int) -> dict[str, list[np.ndarray]]:
    """The weights in the file at `path` by the layer's name without that of the choice."""
    network = _plain(alpha)
    network.load_weights(path)
    return {layer.name: layer.get_weights() for layer in network.layers if layer.get_weights()}


@cache
def _names(alpha: float) -> frozenset[str]:
    """What the layers are called behind the picture."""
    return frozenset(layer.name for layer in _plain(alpha).layers[1:])


def _plain(alpha: float) -> Any:
    import keras

    return keras.applications.MobileNetV2((LEAST_SIDE, LEAST_SIDE, 3), alpha, include_top=False, weights=None)


def _last(blocks: int) -> str:
    return "out_relu" if blocks == len(BLOCKS) else f"block_{blocks - 1}_add"


def _walk(shape: Shape, alpha: float, blocks: int) -> tuple[Shape, Cost]:
    """The shape behind so many blocks, and what they cost."""
    whole = Cost(0, 2 * shape[0] * shape[1] * 3)  # the scaling
    shape, whole = _conv((*shape[:2], 3), _divisible(FIRST * alpha), 3, 2, whole)
    for number, (filters, stride) in enumerate(BLOCKS[:blocks]):
        before, wide = shape, EXPANSION * shape[-1] if number else shape[-1]
        if number:
            shape, whole = _conv(shape, wide, 1, 1, whole)
        looked = convolution.depthwise_cost(shape, 3, stride)
        whole += Cost(looked.parameters - 2 * wide, looked.flops)
        shape = convolution.strided(shape, wide, stride, least=1) or shape
        shape, whole = _conv(shape, _divisible(filters * alpha), 1, 1, whole)
        if shape == before:
            whole += Cost(0, shape[0] * shape[1] * shape[2])
    if blocks == len(BLOCKS):
        return _conv(shape, _divisible(LAST * alpha) if alpha > 1 else LAST, 1, 1, whole)
    return shape, whole


def _conv(shape: Shape, filters: int, kernel: int, stride: int, before: Cost) -> tuple[Shape, Cost]:
    own = convolution.conv_cost(shape, filters, kernel, stride)
    behind = convolution.strided(shape, filters, stride, least=1) or shape
    return behind, before + Cost(own.parameters - 2 * filters, own.flops)


def _divisible(channels: float) -> int:
    """The nearest multiple of 8, not more than a tenth below."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < 0.9 * channels else near
