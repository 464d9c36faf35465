"""The formats a model is exported to besides Keras' own. Each entry is a module, imported when it is used.

A format's module has `FILE`, the name of its file below ``export/``; ``convert(model, path)``, which may load what it
likes; and ``load(path)``, which returns the forward pass as a function and needs neither Keras nor TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

FORMATS = {
    "litert": "nas_core.export.litert",
}


def load_format(name: str) -> Any:
    """The module of the format `name`; KeyError when there is none."""
    return import_module(FORMATS[name])
