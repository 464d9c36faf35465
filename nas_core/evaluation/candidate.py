"""One candidate through Keras: build, train for a few epochs, measure on the rows held out."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_core.data.folds import make_folds
from nas_core.data.prepared import Prepared
from nas_core.evaluation.evaluation import Evaluation
from nas_core.runs import layout
from nas_core.space.architecture import Architecture
from nas_core.training.fit import Plan, default_batch_size, fit_folds
from nas_core.training.judge import judge_folds
from nas_core.training.model import build_model, inherit_weights, save_weights

EPOCHS = 6  # of a candidate
LEAST_STEPS = 300  # of training; with fewer, networks differ by how fast they begin


@dataclass(frozen=True)
class Recipe:
    """What is the same for all candidates of a search."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    inherits: bool  # whether a candidate begins with the weights of its prefix, and leaves its own for others
    n_folds: int = 1

    def failed(self, architecture: Architecture, parent: str | None, reason: str) -> Evaluation:
        """The record of a candidate that could not be measured."""
        return Evaluation(architecture, None, epochs=self.epochs, parent=parent, seed=self.seed, error=reason[:500])


def train_candidate(data: Prepared, recipe: Recipe, architecture: Architecture, parent: str | None) -> Evaluation:
    """Train and measure `architecture`, beginning with the weights of `parent` (a fingerprint) when there is one.

    It is trained once a fold; the figures are those of all rows that judge, each predicted by a network that did not
    learn from it.

    Raises:
        CandidateError: it cannot be trained (diverged, out of memory, not to be built).
    """
    import keras

    keras.utils.clear_session()
    clock, outputs, folds = Laps(), [], make_folds(data, recipe.n_folds)

    def build(fold: int) -> Any:
        model = build_model(architecture, data.transforms)
        if parent:
            inherit_weights(model, weights_path(data, parent, fold))
        clock.lap("build")
        return model

    plan = Plan(recipe.epochs, recipe.batch_size, recipe.learning_rate)
    for number, fitted in enumerate(fit_folds(build, data, folds, plan, recipe.seed)):
        clock.lap("train")
        outputs.append(fitted.output)
        if recipe.inherits:
            save_weights(fitted.model, weights_path(data, architecture.fingerprint, number))
    verdict = judge_folds(data, folds, outputs)
    return Evaluation(
        architecture=architecture,
        score=verdict.score,
        standard_error=verdict.error,
        metrics=verdict.figures,
        parameters=sum(math.prod(weight.shape) for weight in fitted.model.trainable_weights),
        epochs=recipe.epochs,
        parent=parent,
        seed=recipe.seed,
        seconds=clock.seconds,
    )


def default_epochs(n_rows: int, batch_size: int) -> int:
    """How long a candidate is trained on `n_rows` when the job does not say."""
    return max(EPOCHS, math.ceil(LEAST_STEPS / math.ceil(n_rows / (batch_size or default_batch_size(n_rows)))))


def weights_path(data: Prepared, fingerprint: str, fold: int = 0) -> Path:
    """Where a candidate leaves its weights for those that begin with it."""
    return data.run.path(layout.WEIGHTS) / f"{fingerprint}-{fold}.npz"


class Laps:
    """A stopwatch: `seconds` by the name of each lap, those of one name added up."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End the lap `name`; the next one begins."""
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 4)
        self._last = now
