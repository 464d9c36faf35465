"""The last layer for classes: one probability a class."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.space.layer import Cost, Shape
from nas_core.targets import members

N_PSEUDO_ROWS = 20
MAX_SMOOTHING = 0.1


def output_shape(spec: dict[str, Any]) -> Shape:
    """One probability a class."""
    return (len(spec["classes"]),)


def cost(spec: dict[str, Any], shape: Shape) -> Cost:
    """A matrix and a bias."""
    return members.cost(shape, len(spec["classes"]))


def build(spec: dict[str, Any], x: Any) -> Any:
    """Close the trunk `x`, (batch, width) or (batch, members, width), with probabilities (batch, n_classes)."""
    import keras

    x = members.dense(x, len(spec["classes"]))
    return members.mean(keras.layers.Softmax(name="head_probabilities", dtype=members.EXACT)(x))


def output(spec: dict[str, Any], x: Any) -> Any:
    """What the head makes of its product with the matrix and the bias."""
    import keras

    return keras.activations.softmax(x)


def loss(spec: dict[str, Any], n_rows: int) -> Any:
    """The Keras loss: cross-entropy of integer codes, smoothed as if a few of the `n_rows` were of any class.

    Few rows are easily told apart by heart; smoothing keeps the network from being too sure of them (Müller et al.,
    "When does label smoothing help?", NeurIPS 2019). Rows count by the weights of their classes, if there are any
    (King & Zeng, "Logistic regression in rare events data", 2001). There are none unless asked for: they spoil
    probabilities without telling classes apart any better (van den Goorbergh et al., "The harm of class imbalance
    corrections", JAMIA 2022).
    """
    import keras

    n_classes, weights, smoothing = len(spec["classes"]), spec.get("weights"), _smoothing(n_rows)

    def smoothed_crossentropy(truth: Any, output: Any) -> Any:
        codes = keras.ops.cast(keras.ops.reshape(truth, (-1,)), "int32")
        wanted = keras.ops.one_hot(codes, n_classes) * (1 - smoothing) + smoothing / n_classes
        losses = keras.losses.categorical_crossentropy(wanted, output)
        return losses * keras.ops.take(keras.ops.array(weights, "float32"), codes) if weights else losses

    return smoothed_crossentropy


def truths(spec: dict[str, Any], target: np.ndarray) -> Any:
    """The codes as PyTorch takes them for :func:`losses` and :func:`gradients`, (rows, 1)."""
    import torch

    return torch.from_numpy(target.reshape(-1, 1).astype(np.int64))


def losses(spec: dict[str, Any], n_rows: int, truth: Any, logits: Any) -> Any:
    """What :func:`loss` says of `logits` (rows, n_classes), in PyTorch: (rows,)."""
    smoothing, logs = _smoothing(n_rows), logits.t().log_softmax(0).t()  # four times as fast where classes are few
    found = logs.gather(1, truth).mul_(smoothing - 1).sub_(logs.mean(1, keepdim=True), alpha=smoothing)
    return _weighted(spec, truth, found)[:, 0]


def gradients(spec: dict[str, Any], n_rows: int, truth: Any, logits: Any) -> Any:
    """Those of the same losses by `logits`: (rows, n_classes)."""
    smoothing, probabilities = _smoothing(n_rows), logits.t().softmax(0).t()
    found = probabilities.sub_(smoothing / len(spec["classes"])).scatter_(1, truth, smoothing - 1, reduce="add")
    return _weighted(spec, truth, found)


def _weighted(spec: dict[str, Any], truth: Any, values: Any) -> Any:
    weights = spec.get("weights")
    return values * values.new_tensor(weights)[truth] if weights else values


def answers(spec: dict[str, Any], logits: np.ndarray) -> np.ndarray:
    """What :func:`output` makes of `logits`, in numpy."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _smoothing(n_rows: int) -> float:
    return min(MAX_SMOOTHING, N_PSEUDO_ROWS / n_rows)
