"""The formats a model is exported to besides Keras' own. Each entry is a module, imported when it is used.

A format's module has `FILE`, the name of its file below ``export/``; ``convert(model, path, rows)``, which may load
what it likes and look at some training rows; ``load(path)``, which returns the forward pass as a function and needs
neither Keras nor TensorFlow; and `IS_EXACT`: whether it calculates as Keras does. One that does not may lose a point
of the test rows' accuracy. Which formats a model is exported to, its task says.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

FORMATS = {
    "litert": "nas_core.export.litert",
    "litert_int8": "nas_core.export.litert_int8",
}


def load_format(name: str) -> Any:
    """The module of the format `name`; KeyError when there is none."""
    return import_module(FORMATS[name])
