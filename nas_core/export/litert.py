"""LiteRT (formerly TensorFlow Lite): phones, browsers, and predictions without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FILE = "model.tflite"
IS_EXACT = True


def convert(model: Any, path: Path, rows: dict[str, np.ndarray] | None = None) -> None:  # noqa: ARG001 (not needed)
    """Write the Keras `model` to `path`, with any number of rows at a time.

    Only LiteRT's own operations are allowed: the wheel that runs the file has no others (no Flex).
    """
    import tensorflow as tf

    supported = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    model.export(path, format="litert", verbose=False, target_spec=supported)


def load(path: Path) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """The forward pass of the file at `path`: arrays by input name, each (rows, …), to an output (rows, …).

    Inputs that the model does not have are left alone.

    Raises:
        ValueError: the file is no LiteRT model.
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=min(4, os.cpu_count() or 1))
    runner = interpreter.get_signature_runner()
    names = list(runner.get_input_details())

    def forward(inputs: dict[str, np.ndarray]) -> np.ndarray:
        (output,) = runner(**{name: inputs[name] for name in names}).values()
        return np.asarray(output)

    return forward
