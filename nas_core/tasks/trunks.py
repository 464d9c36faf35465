"""The kinds of layers between stem and head by what a network reads, and the networks that its search begins with."""

from __future__ import annotations

from nas_core.space.architecture import Choice

TABLE_LAYERS = ("dense", "residual", "gate", "dropout", "normalization")
TABLE_FIRST = (
    Choice.of("dense", units=128, activation="relu"),
    Choice.of("dropout", rate=0.1),
    Choice.of("dense", units=128, activation="relu"),
)
# With a normalisation before each layer (Ioffe & Szegedy, ICML 2015) a network learns faster, and errs by other rows.
TABLE_SECOND = (
    Choice.of("normalization", over="batch"),
    Choice.of("dense", units=128, activation="relu"),
    Choice.of("normalization", over="batch"),
    Choice.of("dense", units=128, activation="relu"),
)

PICTURE_LAYERS = (
    *("conv", "separable", "depthwise", "inverted", "conv_residual", "pooling"),
    *("global_pooling", "flatten", "dense", "dropout", "backbone"),
)
PICTURE_FIRST = (
    Choice.of("conv", filters=16, kernel=5, stride=1),
    Choice.of("pooling", of="max"),
    Choice.of("conv", filters=32, kernel=3, stride=1),
    Choice.of("pooling", of="max"),
    Choice.of("conv", filters=64, kernel=3, stride=1),
    Choice.of("flatten"),
)
