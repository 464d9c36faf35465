"""A convolution with its normalisation and activation."""

from __future__ import annotations

from typing import Any

from nas_core.space import convolution
from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = tuple(
    Choice.of("conv", filters=filters, kernel=kernel, stride=stride)
    for kernel, widths in ((3, (32, 64, 128)), (5, (16, 32)))
    for filters in widths
    for stride in (1, 2)
)
REPEATS = True


def output_shape(shape: Shape, *, filters: int, kernel: int, stride: int) -> Shape | None:
    """(height, width, channels) becomes (height / stride, width / stride, filters)."""
    return convolution.strided(shape, filters, stride)


def cost(shape: Shape, *, filters: int, kernel: int, stride: int) -> Cost:
    """A kernel a filter, and the normalisation."""
    return convolution.conv_cost(shape, filters, kernel, stride)


def apply(x: Any, name: str, *, filters: int, kernel: int, stride: int) -> Any:
    """Append the layer."""
    return convolution.conv(x, name, filters, kernel, stride)
