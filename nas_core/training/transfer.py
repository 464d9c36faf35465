"""Networks that begin with a pretrained backbone: its weights, and what is learned while it is frozen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nas_core.data.prepared import Prepared
from nas_core.errors import CandidateError
from nas_core.runs import layout
from nas_core.space.architecture import Architecture
from nas_core.space.build import layer_name
from nas_core.space.layer import LAYERS, load_layer
from nas_core.training.devices import has_gpu, low_precision
from nas_core.training.model import build_model, ends


def new_model(architecture: Architecture, data: Prepared, name: str | None = None) -> Any:
    """The Keras model of `architecture`: fresh weights, but in a backbone those that it learned elsewhere.

    Raises:
        CandidateError: there are no such weights.
    """
    model = build_model(architecture, data.transforms, name)
    for index, choice in enumerate(architecture):
        pretrained = getattr(load_layer(choice.kind), "pretrained", None)
        if pretrained:
            params = dict(choice.params)
            known = pretrained(_path(data, float(params["alpha"])), **params)
            prefix = f"{layer_name(index, choice.kind)}_"
            for layer in model.layers:
                if weights := known.get(layer.name.removeprefix(prefix)):
                    layer.set_weights(weights)
    return model


def fast_model(architecture: Architecture, data: Prepared, name: str | None = None) -> Any:
    """The same to learn with: of pictures by faster kernels, or in low precision where there are GPUs made for it."""
    if len(ends(data.transforms).shape) == 1:
        return new_model(architecture, data, name)
    with low_precision():
        model = new_model(architecture, data, name)
    if not has_gpu():  # there the compiler fuses what Keras does
        from nas_core.training.fused import fuse

        fuse(model)
    return model


def _path(data: Prepared, alpha: float) -> Any:
    name = data.transforms["input"].get("backbones", {}).get(f"{alpha:g}")
    if name is None:
        raise CandidateError(f"There are no weights of a backbone with alpha {alpha:g}.")
    return data.run.path(layout.BACKBONES) / name


@contextmanager
def frozen(model: Any) -> Iterator[bool]:
    """Within, the weights of `model`'s backbone do not count as trainable; gives whether it has one."""
    kinds = "|".join(kind for kind in LAYERS if hasattr(load_layer(kind), "pretrained"))
    layers = [layer for layer in model.layers if re.match(rf"layer\d+_({kinds})_", layer.name) and layer.trainable]
    for layer in layers:
        layer.trainable = False
    try:
        yield bool(layers)
    finally:
        for layer in layers:
            layer.trainable = True
