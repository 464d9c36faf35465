"""A residual block of two convolutions of the width it meets (He et al., CVPR 2016), with or without excitation.

With `drop` what it adds is left out at random, picture by picture, while the network learns (stochastic depth: Huang et
al., "Deep networks with stochastic depth", ECCV 2016).
"""

from __future__ import annotations

from typing import Any

from nas_core.space import convolution
from nas_core.space.architecture import Choice
from nas_core.space.layer import Cost, Shape

CHOICES = tuple(
    Choice.of("conv_residual", excite=excite, drop=drop) for drop in (False, True) for excite in (False, True)
)
REPEATS = True
KERNEL = 3
DROPPED = 0.2  # of the pictures
LEAST_CHANNELS = 8  # with fewer a block has nothing to work with: the picture itself has one or three


def output_shape(shape: Shape, *, excite: bool, drop: bool = False) -> Shape | None:
    """The shape stays."""
    is_wide = len(shape) == 3 and shape[-1] >= LEAST_CHANNELS
    return convolution.strided(shape, shape[-1], 1) if is_wide else None


def cost(shape: Shape, *, excite: bool, drop: bool = False) -> Cost:
    """Two convolutions, the weighing, the sum."""
    height, width, channels = shape
    twice = convolution.conv_cost(shape, channels, KERNEL) + convolution.conv_cost(shape, channels, KERNEL)
    return twice + (convolution.excite_cost(shape) if excite else Cost()) + Cost(0, 2 * height * width * channels)


def apply(x: Any, name: str, *, excite: bool, drop: bool = False) -> Any:
    """Append the block."""
    import keras

    channels = x.shape[-1]
    y = convolution.conv(x, f"{name}_in", channels, KERNEL)
    y = convolution.conv(y, f"{name}_out", channels, KERNEL, activation="linear")
    y = convolution.excite(y, f"{name}_weigh") if excite else y
    y = keras.layers.Dropout(DROPPED, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(y) if drop else y
    return keras.layers.Activation("relu", name=name)(keras.layers.Add(name=f"{name}_sum")([x, y]))
