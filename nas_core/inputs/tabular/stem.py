"""The first layers for a table: scale, clip and encode the numbers, embed the categories, put them side by side.

All of it lies in the graph, so that an exported model takes numbers in their own units and integer codes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from nas_core.inputs.tabular.bins import count_bins
from nas_core.inputs.tabular.transform import embedding_width
from nas_core.space.layer import Cost

CLIP = 3.0  # standard deviations beyond which a number counts for little more


def cost(transform: dict[str, Any]) -> Cost:
    """Weights of the embeddings; operations of scaling, clipping and encoding."""
    numeric = transform["numeric"]
    tables = sum(n * embedding_width(n) for n in transform["categorical"]["cardinalities"])
    return Cost(tables, 7 * len(numeric["names"]) + 4 * count_bins(numeric["edges"]))


def build(transform: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Keras inputs by name, and the tensor (batch, width) that the trunk begins with.

    The smooth clipping x / √(1 + (x/3)²) keeps outliers from drowning the rest (Holzmüller et al., "Better by default",
    NeurIPS 2024). Beside it stands the piecewise-linear encoding of a number (Gorishniy et al., "On embeddings for
    numerical features in tabular deep learning", NeurIPS 2022): of each bin the share that lies below the number.
    """
    import keras

    inputs, parts = {}, []
    numeric, categorical = transform["numeric"], transform["categorical"]
    if numeric["names"]:
        inputs["numeric"] = keras.Input((len(numeric["names"]),), name="numeric", dtype="float32")
        parts.append(_scale(inputs["numeric"], numeric["center"], numeric["scale"]))
        if count_bins(numeric["edges"]):
            parts.append(_encode(inputs["numeric"], _bins(numeric["edges"])))
    if categorical["names"]:
        inputs["categorical"] = keras.Input((len(categorical["names"]),), name="categorical", dtype="int32")
        parts += [_embed(inputs["categorical"], i, n) for i, n in enumerate(categorical["cardinalities"])]
    return inputs, parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="stem")(parts)


def _scale(x: Any, center: list[float], scale: list[float]) -> Any:
    import keras

    factors, offsets = _units(center, scale)
    x = keras.layers.Rescaling(factors, offsets, name="stem_scale")(x)
    return x * keras.ops.rsqrt(1 + keras.ops.square(x / CLIP))


class Bins(NamedTuple):
    """The bins of all columns in order: `column` that each belongs to, its lower edge, 1 / its width; (bins,) each."""

    column: np.ndarray
    lower: np.ndarray
    factor: np.ndarray


def _bins(edges: list[list[float]]) -> Bins:
    pairs = [(column, *pair) for column, own in enumerate(edges) for pair in pairwise(own)]
    column, lower, upper = np.array(pairs, np.float32).reshape(-1, 3).T
    return Bins(column.astype(int), lower, 1 / (upper - lower))


def _encode(x: Any, bins: Bins) -> Any:
    """The edge is subtracted first: a product of a large number has no digits left for what lies within a bin."""
    import keras

    x = keras.ops.take(x, bins.column.tolist(), axis=1)
    x = keras.layers.Rescaling(1.0, (-bins.lower).tolist(), name="stem_lower")(x)
    x = keras.layers.Rescaling(bins.factor.tolist(), name="stem_bins")(x)
    return keras.ops.clip(x, 0.0, 1.0)


def _embed(codes: Any, column: int, cardinality: int) -> Any:
    import keras

    table = keras.layers.Embedding(cardinality, embedding_width(cardinality), name=_table_name(column))
    return table(codes[:, column])


def fixed(transform: dict[str, Any], inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What the stem gives without its weights: the scaled and the encoded numbers, and the codes for its tables."""
    numeric = transform["numeric"]
    factors, offsets = (np.array(values, np.float32) for values in _units(numeric["center"], numeric["scale"]))
    bins = _bins(numeric["edges"])
    with np.errstate(over="ignore"):  # a number too large to be squared is clipped like any other
        x = inputs["numeric"] * factors + offsets
        scaled = x / np.sqrt(1 + np.square(x / CLIP))
        encoded = np.clip((inputs["numeric"][:, bins.column] - bins.lower) * bins.factor, 0, 1)
    return np.concatenate([scaled, encoded], axis=1), np.asarray(inputs["categorical"])


def tables(transform: dict[str, Any]) -> list[tuple[str, int, int]]:
    """The embeddings behind the numbers, in order: name of the Keras layer, codes, width."""
    cardinalities = transform["categorical"]["cardinalities"]
    return [(_table_name(i), n, embedding_width(n)) for i, n in enumerate(cardinalities)]


def _units(center: list[float], scale: list[float]) -> tuple[list[float], list[float]]:
    return [1 / s for s in scale], [-c / s for c, s in zip(center, scale, strict=True)]


def _table_name(column: int) -> str:
    return f"stem_category{column}"
