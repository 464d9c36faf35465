"""Where a network of pictures looked: Grad-CAM (Selvaraju et al., ICCV 2017).

The last layer that still gives a picture has a map a channel. Weighed by how much each raises what the network said,
and added up, they show which places spoke for it. Each place has its own weight: behind a global mean that is
Grad-CAM, behind a flattened picture, where Grad-CAM's mean weight of a channel may point elsewhere, HiResCAM (Draelos &
Carin, 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nas_core.data.folds import take
from nas_core.data.prepared import Prepared
from nas_core.targets.members import HEAD
from nas_core.tasks.registry import load_part
from nas_core.training.feed import inputs_of

N_WRONG, N_RIGHT = 9, 9  # test pictures
LEAST_SIDE = 4  # of a map, where a layer gives one


def measure_attention(models: Sequence[Any], data: Prepared, output: np.ndarray) -> dict[str, np.ndarray]:
    """Maps of the test pictures that are most wrong, and of some that are right (of numbers: least wrong).

    Args:
        models: the trained networks of one architecture; the map is the mean of theirs.
        data: of the run.
        output: what the model says of all test rows.

    Returns:
        `rows` (n,) of the test, the wrong ones first, `is_wrong` (n,), and `maps`, uint8 (n, height, width), 255 where
        most spoke for what was said. Nothing where no layer gives a picture.
    """
    last = [_last_picture(model) for model in models]
    if None in last:
        return {}
    test = data.split("test")
    wrongness = load_part(data.schema["task"], "target", "figures").wrongness(test.target, output)
    rows, is_wrong = _chosen(wrongness)
    chosen = inputs_of(take(test, rows))
    maps = np.mean([_maps(model, layer, chosen) for model, layer in zip(models, last, strict=True)], axis=0)
    return {"rows": rows, "is_wrong": is_wrong, "maps": np.round(255 * maps).astype(np.uint8)}


def _chosen(wrongness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows to look at, by how wrong they are, and whether each is one of the wrong ones."""
    order = np.argsort(-wrongness, kind="stable")
    wrong = [row for row in order[:N_WRONG] if wrongness[row] > 0]
    best = np.flatnonzero(wrongness <= np.median(wrongness))  # of classes: nearly always all right ones
    right = np.sort(np.random.default_rng(0).permutation(np.setdiff1d(best, wrong))[:N_RIGHT])
    rows = np.array([*wrong, *right], int)
    return rows, np.arange(len(rows)) < len(wrong)


def _last_picture(model: Any) -> Any:
    """The last layer of the trunk whose output is a picture, of 4 by 4 places at least where there is one."""
    trunk = [layer for layer in model.layers if layer.name.startswith("layer") and len(layer.output.shape) == 4]
    large = [layer for layer in trunk if min(layer.output.shape[1:3]) >= LEAST_SIDE]
    return (large or trunk or [None])[-1]


def _maps(model: Any, layer: Any, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Grad-CAM of what `model` says most of each row, from 0 to 1: (rows, height, width)."""
    import keras
    import tensorflow as tf

    looked = keras.Model(model.input, [layer.output, model.get_layer(HEAD).output])
    with tf.GradientTape() as tape:
        pictures, scores = looked(inputs, training=False)
        said = tf.reduce_max(scores, axis=-1)
    maps = tf.nn.relu(tf.reduce_sum(tape.gradient(said, pictures) * pictures, axis=-1)).numpy()
    highest = maps.max(axis=(1, 2), keepdims=True)
    return np.asarray(np.divide(maps, highest, out=np.zeros_like(maps), where=highest > 0))
