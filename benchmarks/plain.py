"""Networks and data for Keras used by hand: what throughput.py has KerasTuner and a plain loop train."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from nas_core.data.prepared import Prepared
from nas_core.runs.run import open_run
from nas_core.search.spaces import make_space
from nas_core.space.architecture import Architecture
from nas_core.space.settings import SpaceSettings
from nas_core.tasks.registry import load_part
from nas_core.training.feed import inputs_of
from nas_core.training.fit import WEIGHT_DECAY, default_batch_size

LEARNING_RATE = 0.002


def load(address: str) -> Prepared:
    """The prepared data of the run at `address`."""
    return Prepared(open_run(address))


class Networks:
    """The space of a job with default settings, in which any row of codes stands for a network."""

    def __init__(self, data: Prepared) -> None:
        self.data, self.space = data, make_space(data, SpaceSettings())
        self.n_choices, self.max_layers = len(self.space.vocabulary), self.space.max_layers

    def decode(self, codes: Sequence[int]) -> Architecture:
        """Each code selects one of the choices that are legal there."""
        chosen: tuple[int, ...] = ()
        for code in codes:
            legal = self.space.mask(chosen).nonzero()[0]
            chosen = (*chosen, int(legal[code % len(legal)]))
        return self.space.vocabulary.decode(chosen)

    def compile(self, model: Any) -> None:
        """Optimizer and loss as the product has them."""
        n_rows = self.data.schema["n_rows"]["train"]
        loss = load_part(self.data.schema["task"], "target", "head").loss(self.data.transforms["target"], n_rows)
        model.compile(optimizer=keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY), loss=loss)


def fit_arguments(data: Prepared) -> dict[str, Any]:
    """Training and validation rows, and the batch size, for ``fit``."""
    train, valid = data.split("train"), data.split("valid")
    return {
        "x": inputs_of(train),
        "y": np.asarray(train.target),
        "validation_data": (inputs_of(valid), np.asarray(valid.target)),
        "validation_batch_size": 4096,
        "batch_size": default_batch_size(len(train)),
    }
