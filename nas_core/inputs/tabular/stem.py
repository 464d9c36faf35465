"""The first layers for a table: scale, clip and encode the numbers, embed the categories, put them side by side.

All of it lies in the graph, so that an exported model takes numbers in their own units and integer codes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.inputs.tabular import waves
from nas_core.inputs.tabular.bins import embedded
from nas_core.inputs.tabular.transform import embedding_width
from nas_core.space.layer import Cost

NUMBERS = "stem_numbers"
CLIP = 3.0  # standard deviations beyond which a number counts for little more


def cost(transform: dict[str, Any]) -> Cost:
    """Weights of the embeddings; operations of scaling, clipping and encoding (a sine counts one)."""
    numeric = transform["numeric"]
    tables = sum(n * embedding_width(n) for n in transform["categorical"]["cardinalities"])
    n_columns, n_bins, width = embedded(numeric["edges"]).shape
    weights = n_columns * n_bins * width
    flops = 7 * len(numeric["names"]) + 2 * waves.width(numeric["waves"]) + 4 * n_columns * n_bins + 2 * weights
    return Cost(tables + weights, flops)


def build(transform: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Keras inputs by name, and the tensor (batch, width) that the trunk begins with.

    The smooth clipping x / √(1 + (x/3)²) keeps outliers from drowning the rest (Holzmüller et al., "Better by default",
    NeurIPS 2024). Beside it stand vectors of the numbers: a linear map, one a column, of their piecewise-linear
    encoding, of each bin the share that lies below the number (Gorishniy et al., "On embeddings for numerical features
    in tabular deep learning", NeurIPS 2022). Between both stand waves of the numbers, where the job wants them.
    """
    import keras

    inputs, parts = {}, []
    numeric, categorical = transform["numeric"], transform["categorical"]
    if numeric["names"]:
        inputs["numeric"] = keras.Input((len(numeric["names"]),), name="numeric", dtype="float32")
        parts.append(_scale(inputs["numeric"], numeric["center"], numeric["scale"]))
        if any(numeric["waves"]):
            parts.append(waves.build(numeric["waves"], parts[0]))
        if any(numeric["edges"]):
            parts.append(_embed_numbers(inputs["numeric"], numeric["edges"]))
    if categorical["names"]:
        inputs["categorical"] = keras.Input((len(categorical["names"]),), name="categorical", dtype="int32")
        parts += [_embed(inputs["categorical"], i, n) for i, n in enumerate(categorical["cardinalities"])]
    return inputs, parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="stem")(parts)


def _scale(x: Any, center: list[float], scale: list[float]) -> Any:
    import keras

    factors, offsets = _units(center, scale)
    x = keras.layers.Rescaling(factors, offsets, name="stem_scale")(x)
    return x * keras.ops.rsqrt(1 + keras.ops.square(x / CLIP))


def _embed_numbers(x: Any, edges: list[list[float]]) -> Any:
    """The edge is subtracted first: a product of a large number has no digits left for what lies within a bin."""
    import keras

    columns, n_bins, width = embedded(edges)
    lower, factor = _bins_of(edges)
    x = keras.ops.take(x, np.repeat(columns, n_bins).tolist(), axis=1)
    x = keras.layers.Rescaling(1.0, (-lower).ravel().tolist(), name="stem_lower")(x)
    x = keras.layers.Rescaling(factor.ravel().tolist(), name="stem_bins")(x)
    x = keras.layers.Reshape((len(columns), n_bins))(keras.ops.clip(x, 0.0, 1.0))
    x = keras.layers.EinsumDense("abc,bcd->abd", (len(columns), width), name=NUMBERS)(x)
    return keras.layers.Flatten()(x)


def _bins_of(edges: list[list[float]]) -> tuple[np.ndarray, np.ndarray]:
    """Lower edge of each bin and 1 / its width, (columns, bins); both 0 where a column has fewer."""
    columns, n_bins, _ = embedded(edges)
    lower, factor = np.zeros((2, len(columns), n_bins), np.float32)
    for row, column in enumerate(columns):
        own = np.array(edges[column], np.float32)
        lower[row, : len(own) - 1], factor[row, : len(own) - 1] = own[:-1], 1 / np.diff(own)
    return lower, factor


def _embed(codes: Any, column: int, cardinality: int) -> Any:
    import keras

    table = keras.layers.Embedding(cardinality, embedding_width(cardinality), name=_table_name(column))
    return table(codes[:, column])


def fixed(transform: dict[str, Any], inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the stem gives without its weights.

    Returns:
        The scaled and clipped numbers and their waves; of each number that has bins its position among them (2.5: two
        bins are full, half of the third); the codes for the tables. Each (rows, …).
    """
    numeric, edges = inputs["numeric"], transform["numeric"]["edges"]
    units = _units(transform["numeric"]["center"], transform["numeric"]["scale"])
    factors, offsets = (np.array(values, np.float32) for values in units)
    with np.errstate(over="ignore"):  # a number too large to be squared is clipped like any other
        x = numeric * factors + offsets
        scaled = x / np.sqrt(1 + np.square(x / CLIP))
    columns = embedded(edges).columns
    positions = [np.interp(numeric[:, column], edges[column], np.arange(len(edges[column]))) for column in columns]
    shape = len(columns), len(numeric)
    numbers = np.concatenate([scaled, waves.encode(transform["numeric"]["waves"], scaled)], axis=1)
    return numbers, np.array(positions, np.float32).reshape(shape).T, np.asarray(inputs["categorical"])


def bins(transform: dict[str, Any]) -> tuple[str, tuple[int, int, int]]:
    """The embedding of the bins: name of the Keras layer, and the shape of its weights (columns, bins, width)."""
    return NUMBERS, embedded(transform["numeric"]["edges"]).shape


def tables(transform: dict[str, Any]) -> list[tuple[str, int, int]]:
    """The embeddings behind the numbers, in order: name of the Keras layer, codes, width."""
    cardinalities = transform["categorical"]["cardinalities"]
    return [(_table_name(i), n, embedding_width(n)) for i, n in enumerate(cardinalities)]


def _units(center: list[float], scale: list[float]) -> tuple[list[float], list[float]]:
    return [1 / s for s in scale], [-c / s for c, s in zip(center, scale, strict=True)]


def _table_name(column: int) -> str:
    return f"stem_category{column}"
