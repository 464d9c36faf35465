"""LiteRT with whole numbers of 8 bits in place of floats: a quarter of the size, for phones and boards without floats.

Weights and what lies between layers are rounded; how large it becomes is learned from training rows (Jacob et al.,
"Quantization and training of neural networks for efficient integer-arithmetic-only inference", CVPR 2018).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nas_core.export import litert

FILE = "model_int8.tflite"
IS_EXACT = False

load = litert.load


def convert(model: Any, path: Path, rows: dict[str, np.ndarray]) -> None:
    """Write the Keras `model` to `path`: bytes in, probabilities out, whole numbers between.

    Args:
        model: takes pictures as bytes.
        path: of the file.
        rows: training rows as the model takes them, by input name.
    """
    import tensorflow as tf

    names = [tensor.name for tensor in model.inputs]

    def representative() -> Iterator[dict[str, np.ndarray]]:
        for row in range(len(next(iter(rows.values())))):
            yield {name: rows[name][row : row + 1] for name in names}

    model.export(
        path,
        format="litert",
        verbose=False,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=representative,
        target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
    )
