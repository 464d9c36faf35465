"""One network of a table on its way through a training, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from nas_core.evaluation.direct.layers import HEAD, layers_of, pieces_of
from nas_core.evaluation.direct.stem import Batch, Inputs, Stem
from nas_core.evaluation.direct.weights import Arrays, Weights, begun
from nas_core.space.steps import Matrix, Step
from nas_core.training.fit import WEIGHT_DECAY

EVALUATED = 512  # rows at a time: what a network makes of them stays near the core


class Network:
    """A stem, the layers of `found`, a head; it begins with `known` weights where they fit."""

    def __init__(self, inputs: Inputs, found: Sequence[Step], known: Arrays, rng: np.random.Generator) -> None:
        frame = inputs.frame
        self.inputs, whole = inputs, [*found, Matrix(HEAD, frame.n_outputs, "linear", "glorot_uniform")]
        pieces = [*inputs.pieces(known, rng), *pieces_of(whole, frame.width, rng)]
        pieces = [piece._replace(first=begun(piece.name, piece.first, known)) for piece in pieces]
        self.weights = Weights(pieces, WEIGHT_DECAY)
        self.stem, self.layers = Stem(inputs, self.weights), list(layers_of(whole, self.weights, rng))

    def learn(self, batch: Batch, rate: float) -> Tensor:
        """Make a step of size `rate`; returns the logits before it, (rows, outputs)."""
        logits = self._forward(batch, is_training=True)
        d = self._judged(self.inputs.frame.head.gradients, batch.truth, logits).div_(len(logits))
        for layer in reversed(self.layers):
            d = layer.backward(d)
        self.stem.backward(d)
        self.weights.step(rate)
        return logits

    def say(self, rows: Batch) -> Tensor:
        """The logits of `rows` when the network is used, (rows, outputs)."""
        return torch.cat([self._forward(part, is_training=False) for part in rows.split(EVALUATED)])

    def loss(self, truth: Tensor, logits: Tensor) -> float:
        """The mean loss of rows for which the network gave `logits`."""
        return float(self._judged(self.inputs.frame.head.losses, truth, logits).mean())

    def _forward(self, batch: Batch, is_training: bool) -> Tensor:
        x = self.stem.forward(batch)
        for layer in self.layers:
            x = layer.forward(x, is_training)
        return x

    def _judged(self, judge: Callable[..., Tensor], truth: Tensor, logits: Tensor) -> Tensor:
        frame = self.inputs.frame
        return judge(frame.target, frame.n_rows, truth, logits)

    @property
    def n_parameters(self) -> int:
        """How many numbers are learned."""
        return sum(map(np.size, self._named(self.weights.gradient).values()))

    def named(self) -> Arrays:
        """The weights as the Keras model of the network names them."""
        return {name: value.copy() for name, value in self._named(self.weights.value).items()}

    def _named(self, arrays: Arrays) -> Arrays:
        return self.inputs.named({name: array[self.weights.exact[name]] for name, array in arrays.items()})
