"""The fit. Candidates, final training and fine-tuning differ by their plan only."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nas_core.data.folds import Fold
from nas_core.data.prepared import Prepared, Split
from nas_core.errors import CandidateError
from nas_core.tasks.registry import load_part
from nas_core.training.feed import feed, feed_whole

DIVERGED = "the loss is not a number (the training diverged)"
WEIGHT_DECAY = 0.1
TAIL = 0.6  # share of the budget over which the step size falls to zero
PASS_STEPS = 64  # what comes between two passes costs as much as about so many small steps
LEAST_CHECKS = 10  # validations in a fit, whatever it costs
Epoch = dict[str, float]  # one line of a history

DROP = 0.3  # factor of the step size when the validation loss improves no more
MIN_STEP = 0.02  # training ends when the step size has dropped below this share of the first


@dataclass(frozen=True)
class Plan:
    """How a fit goes: `epochs` at most, `seconds` at most, `patience` epochs without a better loss.

    `batch_size` 0 stands for :func:`default_batch_size`; `learning_rate` is the largest step size.
    """

    epochs: int
    batch_size: int = 0
    learning_rate: float = 0.002
    seconds: float = math.inf
    patience: int = 10_000


def fit(model: Any, data: Prepared, fold: Fold, plan: Plan, seed: int) -> list[Epoch]:
    """Train `model` on the rows of `fold` and leave the weights of its best epoch (by validation loss) in it.

    AdamW (Loshchilov & Hutter, ICLR 2019); after `patience` epochs without a better validation loss training goes on
    from the best weights with a smaller step, and over the last part of the budget the step falls to zero. Where the
    rows are few, several epochs lie between two validations.

    Returns:
        One entry a validation: `epoch`, `loss`, `valid_loss`, `learning_rate`, `seconds`.

    Raises:
        CandidateError: the loss is not a number.
    """
    import keras

    batch_size = plan.batch_size or default_batch_size(len(fold.train))
    n_steps, n_passes = math.ceil(len(fold.train) / batch_size), count_passes(plan, len(fold.train))
    keras.utils.set_random_seed(seed)
    if model.compiled:  # its tracing serves once more
        for variable in model.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
    else:
        model.compile(
            optimizer=keras.optimizers.AdamW(plan.learning_rate, weight_decay=WEIGHT_DECAY),
            loss=load_part(data.schema["task"], "target", "head").loss(data.transforms["target"], len(fold.train)),
            steps_per_execution=min(n_passes * n_steps, PASS_STEPS),  # saves most of the dispatch between small steps
        )
    pace = pace_callback(plan, n_passes)
    model.fit(
        **feed(fold.train, batch_size, seed, n_passes),
        validation_data=feed_whole(fold.valid),
        validation_batch_size=4096,
        epochs=math.ceil(plan.epochs / n_passes),
        callbacks=[pace, keras.callbacks.TerminateOnNaN()],
        verbose=0,
    )
    if not pace.rows or not math.isfinite(pace.best_loss):
        raise CandidateError(DIVERGED)
    model.set_weights(pace.best_weights)
    rows: list[Epoch] = pace.rows
    return rows


@dataclass(frozen=True)
class Fitted:
    """A fold done: the model (until the next one is asked for), its history, its output on the held-out rows."""

    model: Any
    history: list[Epoch]
    output: np.ndarray


def fit_folds(
    build: Callable[[int], Any], data: Prepared, folds: list[Fold], plan: Plan, seed: int
) -> Iterator[Fitted]:
    """Train one network a fold, each with fresh weights; the plan's seconds are for all of them together.

    `build(number)` makes the model of a fold. The first one is trained for all, with the weights of each: tracing their
    graphs anew would cost more than their training.
    """
    import keras

    model, clock = None, time.perf_counter()
    for number, fold in enumerate(folds):
        keras.utils.set_random_seed(seed + number)  # before the weights are drawn
        built = build(number)
        if model is None:
            model = built
        else:
            model.set_weights(built.get_weights())
        seconds = (clock + plan.seconds - time.perf_counter()) / (len(folds) - number)
        history = fit(model, data, fold, replace(plan, seconds=seconds), seed + number)
        yield Fitted(model, history, predict(model, fold.valid))


def predict(model: Any, split: Split) -> np.ndarray:
    """The outputs of `model` for all rows of `split`: (rows, …)."""
    fed = feed_whole(split)
    inputs = fed[0] if isinstance(fed, tuple) else fed
    return np.asarray(model.predict(inputs, batch_size=4096, verbose=0))


def default_batch_size(n_rows: int) -> int:
    """A power of two, about a hundredth of the rows, from 32 to 1024."""
    return int(2 ** min(10, max(5, round(math.log2(max(n_rows, 1) / 100)))))


def count_passes(plan: Plan, n_rows: int) -> int:
    """How many epochs lie between two validations when `n_rows` are learned from."""
    n_steps = math.ceil(n_rows / (plan.batch_size or default_batch_size(n_rows)))
    return max(1, min(PASS_STEPS // n_steps, plan.epochs // LEAST_CHECKS))


def step_size(plan: Plan, left: float) -> float:
    """The learning rate when the share `left` of the plan is still to come."""
    return plan.learning_rate * max(1e-3, min(1.0, left / TAIL))


def pace_callback(plan: Plan, n_passes: int) -> Any:
    """The Keras callback that sets the step size, keeps the best weights and ends the fit.

    What Keras calls an epoch are `n_passes` of them.
    """
    import keras

    class Pace(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.rows: list[dict[str, float]] = []
            self.best_loss, self.best_weights = math.inf, None
            self.drop, self.waited, self.clock = 1.0, 0, time.perf_counter()
            self.step = plan.learning_rate

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 (Keras' signature)
            used = (time.perf_counter() - self.clock) / plan.seconds
            left = 1 - max(epoch * n_passes / plan.epochs, used)
            self.step = self.drop * step_size(plan, left)
            self.model.optimizer.learning_rate = self.step

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            done = {"epoch": (epoch + 1) * n_passes, "loss": logs["loss"], "valid_loss": logs["val_loss"]}
            self.rows.append(done | {"learning_rate": self.step, "seconds": time.perf_counter() - self.clock})
            self.compare(logs["val_loss"])
            self.model.stop_training |= self.drop < MIN_STEP or self.rows[-1]["seconds"] + self.pace() > plan.seconds

        def pace(self) -> float:
            """Seconds until the next validation. The first one says nothing: it holds the tracing."""
            seconds = [row["seconds"] for row in self.rows]
            return (seconds[-1] - seconds[0]) / (len(seconds) - 1) if len(seconds) > 1 else 0.0

        def compare(self, loss: float) -> None:
            """Keep the weights when they are the best; after many worse epochs go back to them, in smaller steps."""
            self.waited += n_passes
            if loss < self.best_loss:
                self.best_loss, self.best_weights, self.waited = loss, self.model.get_weights(), 0
            elif self.waited >= plan.patience:
                self.drop, self.waited = self.drop * DROP, 0
                self.model.set_weights(self.best_weights)

    return Pace()
