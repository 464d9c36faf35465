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
from nas_core.training.feed import STEPS, Chunks, Feed, change_of, changed, has_pictures, taken
from nas_core.training.pace import Epoch, Pace, Plan
from nas_core.training.steps import Steps
from nas_core.training.transfer import frozen

DIVERGED = "the loss is not a number (the training diverged)"
WEIGHT_DECAY = 0.1
FROZEN_SHARE = 0.4  # of a fit, in which a pretrained backbone stays as it is
THAWED_STEP = 0.1  # of the largest step, when it learns too
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
    return _run(_steps_of(model, data, fold, plan), data, fold, plan, seed)[0]


def _steps_of(model: Any, data: Prepared, fold: Fold, plan: Plan) -> Steps:
    loss = load_part(data.schema["task"], "target", "head").loss(data.transforms["target"], len(fold.train))
    none, change = taken(fold.train, slice(0)), change_of(data.schema["task"], data.transforms["input"])
    forms = changed(none, change, np.random.default_rng(0)), none
    return Steps(model, of_mixed(loss), forms, _batch_size(plan, fold), WEIGHT_DECAY)


def of_mixed(loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The loss where the truth may be (batch, 3): of two rows that were mixed, and the share of the first."""
    import keras

    def loss_of_mixed(truth: Any, output: Any) -> Any:
        if len(truth.shape) < 2:
            return loss(truth, output)
        one, other, share = keras.ops.unstack(truth, 3, axis=1)
        return share * loss(one, output) + (1 - share) * loss(other, output)

    return loss_of_mixed


def _run(steps: Steps, data: Prepared, fold: Fold, plan: Plan, seed: int) -> tuple[list[Epoch], np.ndarray]:
    """The fit: its history, and what the best epoch says of the rows held out."""
    plan = replace(plan, batch_size=_batch_size(plan, fold))
    n_passes = count_passes(plan, len(fold.train))
    change = change_of(data.schema["task"], data.transforms["input"])
    feed, chunks = Feed(fold.train, plan.batch_size, seed, n_passes, change), Chunks(fold.valid)
    steps.reset()
    pace, best, output = Pace(plan, n_passes), None, np.empty(0)
    while not pace.history or not pace.is_over:
        loss = _learn(steps, feed, pace)
        valid_loss, said = steps.judge(chunks)
        if pace.record(loss, valid_loss):
            best, output = steps.model.get_weights(), said
        elif pace.goes_back():
            steps.model.set_weights(best)
        if not math.isfinite(loss):
            break
    if best is None:
        raise CandidateError(DIVERGED)
    steps.model.set_weights(best)
    return pace.history, output


def _learn(steps: Steps, feed: Feed, pace: Pace) -> float:
    """Train until the next validation, or until the time is up: an epoch of many rows may be too long."""
    total, n_rows = 0.0, 0
    for rows, order in feed:
        total += steps.train(rows, order, pace.step)
        n_rows += len(order)
        if pace.seconds > pace.plan.seconds or not math.isfinite(total):
            break
    return total / n_rows


def _batch_size(plan: Plan, fold: Fold) -> int:
    return plan.batch_size or default_batch_size(len(fold.train), has_pictures(fold.train))


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

    clock = time.perf_counter()
    model: Any = None
    for number, fold in enumerate(folds):
        keras.utils.set_random_seed(seed + number)  # before the weights are drawn
        built = build(number)
        if model is None:
            model, phases = built, _phases_of(built, data, fold, plan)
        else:
            model.set_weights(built.get_weights())
        seconds = (clock + plan.seconds - time.perf_counter()) / (len(folds) - number)
        yield Fitted(model, *_run_all(phases, data, fold, replace(plan, seconds=seconds), seed + number))


@dataclass(frozen=True)
class _Phase:
    """A part of a fit: its graphs, its `share` of the plan, its largest step as a share of the plan's."""

    steps: Steps
    share: float = 1.0
    slowness: float = 1.0


def _phases_of(model: Any, data: Prepared, fold: Fold, plan: Plan) -> list[_Phase]:
    """One phase; where `model` has a pretrained backbone that thaws, one with it frozen and one with all weights."""
    with frozen(model) as has_backbone:
        first = _steps_of(each(model), data, fold, plan)
    if not (has_backbone and plan.thaws):
        return [_Phase(first)]
    return [
        _Phase(first, FROZEN_SHARE),
        _Phase(_steps_of(each(model), data, fold, plan), 1 - FROZEN_SHARE, THAWED_STEP),
    ]


def _run_all(phases: list[_Phase], data: Prepared, fold: Fold, plan: Plan, seed: int) -> tuple[list[Epoch], np.ndarray]:
    """One phase after the other, with the weights and the output of the best: fine-tuning may spoil a network."""
    if len(phases) == 1:
        return _run(phases[0].steps, data, fold, plan, seed)
    history, best, output, weights = list[Epoch](), math.inf, np.empty(0), None
    for phase in phases:
        seconds, epochs = phase.share * plan.seconds, math.ceil(phase.share * plan.epochs)
        own = replace(plan, seconds=seconds, epochs=epochs, learning_rate=phase.slowness * plan.learning_rate)
        try:
            told, said = _run(phase.steps, data, fold, own, seed)
        except CandidateError:
            if weights is None:
                raise
            break
        lowest = min(line["valid_loss"] for line in told)
        if lowest < best:
            best, output, weights = lowest, said, phase.steps.model.get_weights()
        so_far = {name: history[-1][name] if history else 0.0 for name in ("epoch", "seconds")}
        history += [line | {name: value + line[name] for name, value in so_far.items()} for line in told]
    phases[0].steps.model.set_weights(weights)
    return history, output


def predict(model: Any, split: Split) -> np.ndarray:
    """The outputs of `model` for all rows of `split`: (rows, …)."""
    return np.concatenate([model.predict_on_batch(inputs) for inputs, _ in Chunks(split)])


def default_batch_size(n_rows: int, of_pictures: bool = False) -> int:
    """A power of two, about a hundredth of the rows, from 32 to 1024; of pictures to 64."""
    return int(2 ** min(6 if of_pictures else 10, max(5, round(math.log2(max(n_rows, 1) / 100)))))


def count_passes(plan: Plan, n_rows: int) -> int:
    """How many epochs lie between two validations when `n_rows` are learned from."""
    n_steps = math.ceil(n_rows / (plan.batch_size or default_batch_size(n_rows)))
    return max(1, min(STEPS // n_steps, plan.epochs // LEAST_CHECKS))
