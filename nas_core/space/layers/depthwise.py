"""A depthwise convolution: each channel by itself, with a wide kernel (Howard et al., "MobileNets", 2017)."""

from __future__ import annotations

from typing import Any

from nas_core.space import convolution
from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = tuple(Choice.of("depthwise", kernel=5, stride=stride) for stride in (1, 2))
REPEATS = False


def output_shape(shape: Shape, *, kernel: int, stride: int) -> Shape | None:
    """(height, width, channels) becomes (height / stride, width / stride, channels)."""
    return convolution.strided(shape, shape[-1], stride)


def cost(shape: Shape, *, kernel: int, stride: int) -> Cost:
    """A kernel a channel, and a normalisation."""
    return convolution.depthwise_cost(shape, kernel, stride)


def apply(x: Any, name: str, *, kernel: int, stride: int) -> Any:
    """Append the layer."""
    return convolution.depthwise(x, name, kernel, stride)
