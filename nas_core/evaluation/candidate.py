"""One candidate through Keras: build, train for a few epochs, measure on the validation rows."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from nas_core.data.prepared import Prepared
from nas_core.evaluation.evaluation import Evaluation
from nas_core.runs import layout
from nas_core.space.architecture import Architecture
from nas_core.tasks.registry import load_part
from nas_core.training.fit import Budget, fit, predict
from nas_core.training.model import build_model, inherit_weights, save_weights


@dataclass(frozen=True)
class Recipe:
    """What is the same for all candidates of a search."""

    metric: str
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    inherits: bool  # whether a candidate begins with the weights of its prefix, and leaves its own for others

    def failed(self, architecture: Architecture, parent: str | None, reason: str) -> Evaluation:
        """The record of a candidate that could not be measured."""
        return Evaluation(architecture, None, epochs=self.epochs, parent=parent, seed=self.seed, error=reason[:500])


def train_candidate(data: Prepared, recipe: Recipe, architecture: Architecture, parent: str | None) -> Evaluation:
    """Train and measure `architecture`, beginning with the weights of `parent` (a fingerprint) when there is one.

    Raises:
        CandidateError: it cannot be trained (diverged, out of memory, not to be built).
    """
    import keras

    keras.utils.clear_session()
    clock = Laps()
    # Seeded before the weights are drawn: the same candidate is the same network in every run.
    keras.utils.set_random_seed(recipe.seed)
    model = build_model(architecture, data.transforms)
    if parent:
        inherit_weights(model, weights_path(data, parent))
    clock.lap("build")
    fit(
        model,
        data,
        Budget(recipe.epochs),
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
    )
    clock.lap("train")
    figures = measure(model, data, "valid")
    if recipe.inherits:
        save_weights(model, weights_path(data, architecture.fingerprint))
    clock.lap("measure")
    score = load_part(data.schema["task"], "target", "figures").score(data.transforms["target"], recipe.metric, figures)
    return Evaluation(
        architecture=architecture,
        score=score,
        metrics=figures,
        parameters=sum(math.prod(weight.shape) for weight in model.trainable_weights),
        epochs=recipe.epochs,
        parent=parent,
        seed=recipe.seed,
        seconds=clock.seconds,
    )


def measure(model: Any, data: Prepared, split: str) -> dict[str, float]:
    """The figures of `model` on a split, by metric."""
    rows = data.split(split)
    figures = load_part(data.schema["task"], "target", "figures").figures
    result: dict[str, float] = figures(data.transforms["target"], rows.target, predict(model, rows))
    return result


def weights_path(data: Prepared, fingerprint: str) -> Any:
    """Where a candidate leaves its weights for those that begin with it."""
    return data.run.path(layout.WEIGHTS) / f"{fingerprint}.npz"


class Laps:
    """A stopwatch: `seconds` by the name of each lap."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End the lap `name`; the next one begins."""
        now = time.perf_counter()
        self.seconds[name], self._last = round(now - self._last, 4), now
