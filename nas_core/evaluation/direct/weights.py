"""The weights of a network side by side in one vector, with their gradients, so that one kernel makes their step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from nas_core.training.adamw import BETA_1, BETA_2, EPSILON

Arrays = dict[str, np.ndarray]


class Piece(NamedTuple):
    """A weight: its name, its first value. What is not `is_learned` are moving statistics.

    In memory it has the shape `room`, if that is given: 0 fills what is more than the first value.
    """

    name: str
    first: np.ndarray
    is_learned: bool = True
    room: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """In memory."""
        return self.room or self.first.shape


def begun(name: str, fresh: np.ndarray, known: Arrays) -> np.ndarray:
    """What is `known` by this name where it fits, else `fresh`."""
    old = known.get(name)
    return old if old is not None and old.shape == fresh.shape else fresh


class Weights:
    """`pieces` in one vector of float32. A step is that of AdamW as Keras makes it, with weight decay `decay`.

    `value`, `gradient` and `second` are the pieces, their gradients and second moments by name, as arrays of numpy that
    lie in the vectors, with all their room; `exact` is where in it a piece is.
    """

    def __init__(self, pieces: Sequence[Piece], decay: float) -> None:
        self._decay, self._n_steps = decay, torch.tensor(0.0)
        # What is learned comes first, so that a step is one of the front of the vector.
        pieces = sorted(pieces, key=lambda piece: not piece.is_learned)
        n_learned = sum(math.prod(piece.shape) for piece in pieces if piece.is_learned)
        self._all = torch.zeros(sum(math.prod(piece.shape) for piece in pieces))
        self._learned = self._all[:n_learned]
        self._gradients, self._first, self._second = torch.zeros(3, n_learned)
        self.value, self.gradient, self.second = Arrays(), Arrays(), Arrays()
        self.exact = {piece.name: tuple(map(slice, piece.first.shape)) for piece in pieces}
        start = 0
        for piece in pieces:
            name, end = piece.name, start + math.prod(piece.shape)
            place, start = slice(start, end), end
            self.value[name] = self._all[place].numpy().reshape(piece.shape)
            self.value[name][self.exact[name]] = piece.first
            if piece.is_learned:
                self.gradient[name] = self._gradients[place].numpy().reshape(piece.shape)
                self.second[name] = self._second[place].numpy().reshape(piece.shape)

    def step(self, rate: float) -> None:
        """A step of size `rate` along the gradients."""
        self._n_steps += 1
        # What torch.optim.AdamW(fused=True) calls, without the twice as long that it takes to get there. Keras adds
        # epsilon before the moments are freed from their bias.
        torch._fused_adamw_(
            [self._learned],
            [self._gradients],
            [self._first],
            [self._second],
            [],
            [self._n_steps],
            lr=rate,
            beta1=BETA_1,
            beta2=BETA_2,
            weight_decay=self._decay,
            eps=EPSILON / (1 - BETA_2 ** float(self._n_steps)) ** 0.5,
            amsgrad=False,
            maximize=False,
        )

    def copy(self) -> torch.Tensor:
        """All of them as they are now."""
        return self._all.clone()

    def restore(self, copy: torch.Tensor) -> None:
        """Go back to a copy; the moments of the optimizer stay."""
        self._all.copy_(copy)
