"""The pace of a fit: the step size of each epoch, when to go back to the best one, and when to end."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

TAIL = 0.6  # share of the budget over which the step size falls to zero
DROP = 0.3  # factor of the step size when the validation loss improves no more
MIN_STEP = 0.02  # training ends when the step size has dropped below this share of the first
LEARNING_RATE = 0.002
LEARNING_RATE_OF_PICTURES = 0.005  # convolutions, which are normalised, bear more
Epoch = dict[str, float]  # one line of a history


@dataclass(frozen=True)
class Plan:
    """How a fit goes: `epochs` at most, `seconds` at most, `patience` epochs without a better loss.

    `batch_size` 0 stands for :func:`nas_core.training.fit.default_batch_size`; `learning_rate` is the largest step. A
    pretrained backbone `thaws` in the second part of the fit, or stays frozen.
    """

    epochs: int
    batch_size: int = 0
    learning_rate: float = LEARNING_RATE
    seconds: float = math.inf
    patience: int = 10_000
    thaws: bool = False


class Pace:
    """One fit by `plan` that is validated every `n_passes` epochs; its clock begins now.

    After `patience` epochs without a better validation loss training goes on from the best weights with a smaller step;
    over the last part of the budget the step falls to zero. `history` has one entry a validation: `epoch`, `loss`,
    `valid_loss`, `learning_rate`, `seconds`.
    """

    def __init__(self, plan: Plan, n_passes: int) -> None:
        self.plan, self.n_passes = plan, n_passes
        self.history: list[Epoch] = []
        self.best_loss = math.inf
        self._drop, self._waited, self._began = 1.0, 0, time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.perf_counter() - self._began

    @property
    def step(self) -> float:
        """The step size now."""
        done = len(self.history) * self.n_passes / self.plan.epochs
        return self._drop * step_size(self.plan, 1 - max(done, self.seconds / self.plan.seconds))

    def record(self, loss: float, valid_loss: float) -> bool:
        """Note what came of an epoch; returns whether it is the best so far."""
        epoch = (len(self.history) + 1) * self.n_passes
        step, seconds = self.step, self.seconds
        self.history.append(
            {"epoch": epoch, "loss": loss, "valid_loss": valid_loss, "learning_rate": step, "seconds": seconds}
        )
        is_best = valid_loss < self.best_loss
        self.best_loss = min(self.best_loss, valid_loss)
        self._waited = 0 if is_best else self._waited + self.n_passes
        return is_best

    def goes_back(self) -> bool:
        """Whether training is to go on from the best weights; the step is smaller from then on."""
        if self._waited < self.plan.patience or math.isinf(self.best_loss):
            return False
        self._drop, self._waited = self._drop * DROP, 0
        return True

    @property
    def is_over(self) -> bool:
        """Whether the fit is at its end, or another epoch would take too long."""
        is_done = len(self.history) * self.n_passes >= self.plan.epochs
        return is_done or self._drop < MIN_STEP or self.seconds + self._epoch_seconds() > self.plan.seconds

    def _epoch_seconds(self) -> float:
        """Seconds until the next validation. The first one says nothing: it holds the tracing."""
        seconds = [row["seconds"] for row in self.history]
        return (seconds[-1] - seconds[0]) / (len(seconds) - 1) if len(seconds) > 1 else 0.0


def default_learning_rate(of_pictures: bool) -> float:
    """The largest step when the job does not say."""
    return LEARNING_RATE_OF_PICTURES if of_pictures else LEARNING_RATE


def step_size(plan: Plan, left: float) -> float:
    """The learning rate when the share `left` of the plan is still to come."""
    return plan.learning_rate * max(1e-3, min(1.0, left / TAIL))
