"""Keras' own format: what can be trained further."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FILE = "model.keras"


def load_model(path: Path) -> Any:
    """The model at `path`, without code of its own (`safe_mode`) and without what its training needed."""
    import keras

    return keras.models.load_model(path, compile=False, safe_mode=True)


def forward_of(model: Any) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    """The forward pass of `model`, with the signature that every format's `load` returns."""
    names = [tensor.name for tensor in model.inputs]

    def forward(inputs: dict[str, np.ndarray]) -> np.ndarray:
        return np.asarray(model.predict_on_batch({name: inputs[name] for name in names}))

    return forward
