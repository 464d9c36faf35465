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
from nas_core.targets.members import each
from nas_core.tasks.registry import load_part
from nas_core.training.feed import change_of, evaluation_size, feed, feed_whole, has_pictures
from nas_core.training.pace import Epoch, Pace, Plan

DIVERGED = "the loss is not a number (the training diverged)"
WEIGHT_DECAY = 0.1
PASS_STEPS = 64  # what comes between two passes costs as much as about so many small steps
LEAST_CHECKS = 10  # validations in a fit, whatever it costs


def fit(model: Any, data: Prepared, fold: Fold, plan: Plan, seed: int) -> list[Epoch]:
    """Train `model` on the rows of `fold` and leave the weights of its best epoch (by validation loss) in it.

    Where it gives what members say, (batch, members, …), each learns by itself, and their mean is validated.

    AdamW (Loshchilov & Hutter, ICLR 2019) at the pace (:class:`nas_core.training.pace.Pace`) of `plan`. Where the rows
    are few, several epochs lie between two validations.

    Returns:
        The history of the pace.

    Raises:
        CandidateError: the loss is not a number.
    """
    import keras

    batch_size = plan.batch_size or default_batch_size(len(fold.train), has_pictures(fold.train))
    plan = replace(plan, batch_size=batch_size)
    n_steps, n_passes = math.ceil(len(fold.train) / batch_size), count_passes(plan, len(fold.train))
    keras.utils.set_random_seed(seed)
    if model.compiled:  # its tracing serves once more
        for variable in model.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
    else:
        loss = load_part(data.schema["task"], "target", "head").loss(data.transforms["target"], len(fold.train))
        has_members = len(model.output_shape) == 3
        model.compile(
            optimizer=keras.optimizers.AdamW(plan.learning_rate, weight_decay=WEIGHT_DECAY),
            loss=_of_each(loss) if has_members else loss,
            metrics=[_of_mean(loss)] if has_members else None,
            steps_per_execution=min(n_passes * n_steps, PASS_STEPS),  # saves most of the dispatch between small steps
        )
    pace = Pace(plan, n_passes)
    paced = pace_callback(pace)
    model.fit(
        **feed(fold.train, batch_size, seed, n_passes, change_of(data.schema["task"], data.transforms["input"])),
        validation_data=feed_whole(fold.valid),
        validation_batch_size=evaluation_size(fold.valid),
        epochs=math.ceil(plan.epochs / n_passes),
        callbacks=[paced, keras.callbacks.TerminateOnNaN()],
        verbose=0,
    )
    if not math.isfinite(pace.best_loss):
        raise CandidateError(DIVERGED)
    model.set_weights(paced.best_weights)
    return pace.history


def _of_each(loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The loss of outputs (batch, members, …): that of every member by itself."""
    import keras

    def loss_of_each(truth: Any, output: Any) -> Any:
        truth = keras.ops.repeat(keras.ops.reshape(truth, (-1,)), output.shape[1])
        return loss(truth, keras.ops.reshape(output, (-1, output.shape[2])))

    return loss_of_each


def _of_mean(loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The loss of what the members say together."""
    import keras

    def together(truth: Any, output: Any) -> Any:
        return loss(truth, keras.ops.mean(output, axis=1))

    return together


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

    model, learner, clock = None, None, time.perf_counter()
    for number, fold in enumerate(folds):
        keras.utils.set_random_seed(seed + number)  # before the weights are drawn
        built = build(number)
        if model is None:
            model, learner = built, each(built)
        else:
            model.set_weights(built.get_weights())
        seconds = (clock + plan.seconds - time.perf_counter()) / (len(folds) - number)
        history = fit(learner, data, fold, replace(plan, seconds=seconds), seed + number)
        yield Fitted(model, history, predict(model, fold.valid))


def predict(model: Any, split: Split) -> np.ndarray:
    """The outputs of `model` for all rows of `split`: (rows, …)."""
    fed = feed_whole(split)
    inputs = fed[0] if isinstance(fed, tuple) else fed
    return np.asarray(model.predict(inputs, batch_size=evaluation_size(split), verbose=0))


def default_batch_size(n_rows: int, of_pictures: bool = False) -> int:
    """A power of two, about a hundredth of the rows, from 32 to 1024; of pictures to 64."""
    return int(2 ** min(6 if of_pictures else 10, max(5, round(math.log2(max(n_rows, 1) / 100)))))


def count_passes(plan: Plan, n_rows: int) -> int:
    """How many epochs lie between two validations when `n_rows` are learned from."""
    n_steps = math.ceil(n_rows / (plan.batch_size or default_batch_size(n_rows)))
    return max(1, min(PASS_STEPS // n_steps, plan.epochs // LEAST_CHECKS))


def pace_callback(pace: Pace) -> Any:
    """The Keras callback that sets the step size, keeps the best weights and ends the fit."""
    import keras

    class Paced(keras.callbacks.Callback):
        best_weights: Any = None

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002 (Keras' signature)
            self.model.optimizer.learning_rate = pace.step

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.model.stop_training |= pace.seconds > pace.plan.seconds  # an epoch of many rows may be too long

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            if pace.record(logs["loss"], logs.get("val_together", logs["val_loss"])):
                self.best_weights = self.model.get_weights()
            elif pace.goes_back():
                self.model.set_weights(self.best_weights)
            self.model.stop_training |= pace.is_over

    return Paced()
