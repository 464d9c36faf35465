"""The first layers for a table: scale and clip the numbers, embed the categories, put them side by side.

All of it lies in the graph, so that an exported model takes numbers in their own units and integer codes.
"""

from __future__ import annotations

from typing import Any

from nas_core.inputs.tabular.transform import embedding_width
from nas_core.space.layer import Cost

CLIP = 3.0  # standard deviations beyond which a number counts for little more


def cost(transform: dict[str, Any]) -> Cost:
    """Weights of the embeddings; operations of scaling and clipping."""
    tables = sum(n * embedding_width(n) for n in transform["categorical"]["cardinalities"])
    return Cost(tables, 7 * len(transform["numeric"]["names"]))


def build(transform: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Keras inputs by name, and the tensor (batch, width) that the trunk begins with.

    The smooth clipping x / √(1 + (x/3)²) keeps outliers from drowning the rest (Holzmüller et al., "Better by default",
    NeurIPS 2024).
    """
    import keras

    inputs, parts = {}, []
    numeric, categorical = transform["numeric"], transform["categorical"]
    if numeric["names"]:
        inputs["numeric"] = keras.Input((len(numeric["names"]),), name="numeric", dtype="float32")
        parts.append(_scale(inputs["numeric"], numeric["center"], numeric["scale"]))
    if categorical["names"]:
        inputs["categorical"] = keras.Input((len(categorical["names"]),), name="categorical", dtype="int32")
        parts += [_embed(inputs["categorical"], i, n) for i, n in enumerate(categorical["cardinalities"])]
    return inputs, parts[0] if len(parts) == 1 else keras.layers.Concatenate(name="stem")(parts)


def _scale(x: Any, center: list[float], scale: list[float]) -> Any:
    import keras

    factors = [1 / s for s in scale]
    offsets = [-c / s for c, s in zip(center, scale, strict=True)]
    x = keras.layers.Rescaling(factors, offsets, name="stem_scale")(x)
    return x * keras.ops.rsqrt(1 + keras.ops.square(x / CLIP))


def _embed(codes: Any, column: int, cardinality: int) -> Any:
    import keras

    table = keras.layers.Embedding(cardinality, embedding_width(cardinality), name=f"stem_category{column}")
    return table(codes[:, column])
