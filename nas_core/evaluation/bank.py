"""Networks trained without Keras building them.

What Keras spends on a small network is mostly tracing and the dispatch of small steps. A bank trains any network of
steps (:mod:`nas_core.space.steps`) without tracing it: on a core by plain operations on arrays
(:mod:`nas_core.evaluation.direct`), on a GPU many side by side in one compiled program
(:mod:`nas_core.evaluation.compiled`). Both go by the recipe of :func:`nas_core.training.fit.fit`, and leave the weights
that the Keras model of the network would have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from nas_core.data.folds import Fold
from nas_core.data.prepared import Prepared
from nas_core.evaluation.frame import Frame, make_frame
from nas_core.space.architecture import Architecture
from nas_core.space.build import steps_of
from nas_core.space.steps import Step
from nas_core.training.pace import Epoch, Pace, Plan, step_size


@dataclass(frozen=True)
class Member:
    """A training: of `architecture` on a fold, beginning with `weights` (arrays by name) as far as they fit.

    `seed` decides the first weights, the order of the rows and what dropout leaves out.
    """

    architecture: Architecture
    fold: int
    seed: tuple[int, ...]
    weights: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """The best epoch of a member: its `weights` by name (see :func:`nas_core.training.model.save_weights`), how many of
    them are learned, its `output` on the rows that judge; and the losses up to every validation. Where no validation
    loss is finite, the training diverged.
    """

    weights: dict[str, np.ndarray]
    n_parameters: int
    output: np.ndarray
    losses: np.ndarray
    valid_losses: np.ndarray

    @property
    def is_diverged(self) -> bool:
        """Whether there is no best epoch."""
        return not np.isfinite(self.valid_losses).any()


class Group(Protocol):
    """Members on their way through a training. What is called an epoch lies between two validations."""

    def compile(self, n_epochs: int) -> None:
        """Do what has to be done once for all such groups that are trained for `n_epochs`."""

    def advance(self, rates: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Train for an epoch at each learning rate; their losses in training and validation, (epochs, members)."""

    def go_back(self) -> None:
        """Go on from the best epoch; the moments of the optimizer stay."""

    def trained(self) -> list[Trained]:
        """The members at their best epochs."""


class Engine(Protocol):
    """Trains the networks of a frame."""

    def begin(self, members: Sequence[Member], steps: Sequence[Sequence[Step]]) -> Group:
        """`members`, which compute these `steps`, before their training."""


class Bank:
    """Trains networks on the folds of `data` by `plan`, `on_gpu` or on a core."""

    def __init__(self, data: Prepared, folds: Sequence[Fold], plan: Plan, on_gpu: bool = False) -> None:
        self.plan, self.on_gpu, self._frame = plan, on_gpu, make_frame(data, folds, plan)

    def warm_up(self) -> None:
        """Do now what else the first training has to wait for."""
        if self._frame:
            _ = self._engine

    def holds(self, architecture: Architecture) -> bool:
        """Whether `architecture` can be trained here, on these data."""
        return self._frame is not None and steps_of(architecture, (self._frame.width,)) is not None

    def train(self, members: Sequence[Member], lap: Callable[[str], None] | None = None) -> list[Trained]:
        """Train `members`; each comes out as if it were alone, up to rounding.

        `lap` is told when the parts ``build``, ``compile`` and ``train`` end.
        """
        lap = lap or (lambda _: None)
        n_passes, group = self._open.n_passes, self._begin(members)
        n_epochs = math.ceil(self.plan.epochs / n_passes)
        lap("build")
        group.compile(n_epochs)
        lap("compile")
        group.advance([step_size(self.plan, 1 - epoch * n_passes / self.plan.epochs) for epoch in range(n_epochs)])
        trained = group.trained()
        lap("train")
        return trained

    def train_at_pace(self, members: Sequence[Member], seconds: float) -> tuple[list[Trained], list[Epoch]]:
        """Train `members` as a fit of `seconds` would; the pace is that of their mean loss, and so is the history."""
        pace, group = Pace(replace(self.plan, seconds=seconds), self._open.n_passes), self._begin(members)
        group.compile(1)
        while not pace.history or not pace.is_over:
            loss, valid_loss = group.advance([pace.step])
            if not np.isfinite(loss).all():
                break
            if not pace.record(float(loss.mean()), float(valid_loss.mean())) and pace.goes_back():
                group.go_back()
        return group.trained(), pace.history

    def _begin(self, members: Sequence[Member]) -> Group:
        steps = [steps_of(member.architecture, (self._open.width,)) or () for member in members]
        return self._engine.begin(members, steps)

    @property
    def _open(self) -> Frame:
        if not self._frame:
            raise ValueError("This bank holds nothing.")
        return self._frame

    @cached_property
    def _engine(self) -> Engine:
        """Imported when it is needed: TensorFlow and PyTorch take a second or more each."""
        if self.on_gpu:
            from nas_core.evaluation.compiled.group import CompiledEngine

            return CompiledEngine(self._open)
        from nas_core.evaluation.direct.group import DirectEngine

        return DirectEngine(self._open)
