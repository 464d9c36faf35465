"""The fit. Candidates, final training and fine-tuning differ by their budget only."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas_core.data.prepared import Prepared, Split
from nas_core.errors import CandidateError
from nas_core.tasks.registry import load_part
from nas_core.training.feed import feed, feed_whole

WEIGHT_DECAY = 0.1
TAIL = 0.6  # share of the budget over which the step size falls to zero
Epoch = dict[str, float]  # one line of a history

DROP = 0.3  # factor of the step size when the validation loss improves no more
MIN_STEP = 0.02  # training ends when the step size has dropped below this share of the first


@dataclass(frozen=True)
class Budget:
    """How long a fit may take: `epochs` at most, `seconds` at most, `patience` epochs without a better loss."""

    epochs: int
    seconds: float = math.inf
    patience: int = 10_000


def fit(model: Any, data: Prepared, budget: Budget, *, batch_size: int, learning_rate: float, seed: int) -> list[Epoch]:
    """Train `model` on the training rows and leave the weights of its best epoch (by validation loss) in it.

    AdamW (Loshchilov & Hutter, ICLR 2019); after `patience` epochs without a better validation loss training goes on
    from the best weights with a smaller step, and over the last part of the budget the step falls to zero.

    Returns:
        One entry an epoch: `epoch`, `loss`, `valid_loss`, `learning_rate`, `seconds`.

    Raises:
        CandidateError: the loss is not a number.
    """
    import keras

    train, valid = data.split("train"), data.split("valid")
    batch_size = batch_size or default_batch_size(len(train))
    n_steps = math.ceil(len(train) / batch_size)
    keras.utils.set_random_seed(seed)
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate, weight_decay=WEIGHT_DECAY),
        loss=load_part(data.schema["task"], "target", "head").loss(data.transforms["target"], len(train)),
        steps_per_execution=min(n_steps, 32),  # saves most of the dispatch between small steps
    )
    pace = pace_callback(budget, learning_rate)
    model.fit(
        **feed(train, batch_size, seed),
        validation_data=feed_whole(valid),
        validation_batch_size=4096,
        epochs=budget.epochs,
        callbacks=[pace, keras.callbacks.TerminateOnNaN()],
        verbose=0,
    )
    if not pace.rows or not math.isfinite(pace.best_loss):
        raise CandidateError("the loss is not a number (the training diverged)")
    model.set_weights(pace.best_weights)
    rows: list[Epoch] = pace.rows
    return rows


def predict(model: Any, split: Split) -> np.ndarray:
    """The outputs of `model` for all rows of `split`: (rows, …)."""
    fed = feed_whole(split)
    inputs = fed[0] if isinstance(fed, tuple) else fed
    return np.asarray(model.predict(inputs, batch_size=4096, verbose=0))


def default_batch_size(n_rows: int) -> int:
    """A power of two, about a hundredth of the rows, from 32 to 1024."""
    return int(2 ** min(10, max(5, round(math.log2(max(n_rows, 1) / 100)))))


def pace_callback(budget: Budget, learning_rate: float) -> Any:
    """The Keras callback that sets the step size, keeps the best weights and ends the fit."""
    import keras

    class Pace(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.rows: list[dict[str, float]] = []
            self.best_loss, self.best_weights = math.inf, None
            self.drop, self.waited, self.clock = 1.0, 0, time.perf_counter()
            self.step = learning_rate

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 (Keras' signature)
            used = (time.perf_counter() - self.clock) / budget.seconds
            left = 1 - max(epoch / budget.epochs, used)
            self.step = learning_rate * self.drop * max(1e-3, min(1.0, left / TAIL))
            self.model.optimizer.learning_rate = self.step

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            row = {"epoch": epoch + 1, "loss": logs["loss"], "valid_loss": logs["val_loss"], "learning_rate": self.step}
            self.rows.append(row | {"seconds": time.perf_counter() - self.clock})
            self.compare(row["valid_loss"])
            self.model.stop_training |= self.drop < MIN_STEP or self.rows[-1]["seconds"] + self.pace() > budget.seconds

        def pace(self) -> float:
            """Seconds of one more epoch. The first one says nothing: it holds the tracing."""
            seconds = [row["seconds"] for row in self.rows]
            return (seconds[-1] - seconds[0]) / (len(seconds) - 1) if len(seconds) > 1 else 0.0

        def compare(self, loss: float) -> None:
            """Keep the weights when they are the best; after many worse epochs go back to them, in smaller steps."""
            self.waited += 1
            if loss < self.best_loss:
                self.best_loss, self.best_weights, self.waited = loss, self.model.get_weights(), 0
            elif self.waited >= budget.patience:
                self.drop, self.waited = self.drop * DROP, 0
                self.model.set_weights(self.best_weights)

    return Pace()
