"""A separable convolution: of each channel by itself, then of the channels (Howard et al., "MobileNets", 2017)."""

from __future__ import annotations

from typing import Any

from nas_core.space import convolution
from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = tuple(Choice.of("separable", filters=filters, stride=stride) for filters in (64, 128) for stride in (1, 2))
REPEATS = True
KERNEL = 3


def output_shape(shape: Shape, *, filters: int, stride: int) -> Shape | None:
    """(height, width, channels) becomes (height / stride, width / stride, filters)."""
    return convolution.strided(shape, filters, stride)


def cost(shape: Shape, *, filters: int, stride: int) -> Cost:
    """A kernel a channel, a matrix, and a normalisation behind each."""
    between = convolution.strided(shape, shape[-1], stride) or shape
    return convolution.depthwise_cost(shape, KERNEL, stride) + convolution.conv_cost(between, filters, 1)


def apply(x: Any, name: str, *, filters: int, stride: int) -> Any:
    """Append the layer."""
    x = convolution.depthwise(x, f"{name}_each", KERNEL, stride)
    return convolution.conv(x, name, filters, 1)
