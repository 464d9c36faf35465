"""A candidate through Keras, or several through a bank: build, train for a few epochs, judge by the rows held out."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nas_core.data.folds import Fold, make_folds, thin
from nas_core.data.pictures.smaller import Smaller, smaller
from nas_core.data.prepared import Prepared
from nas_core.errors import CandidateError
from nas_core.evaluation.bank import Bank, Member, Trained
from nas_core.evaluation.evaluation import Evaluation
from nas_core.runs import layout
from nas_core.space.architecture import Architecture
from nas_core.training.fit import DIVERGED, fit_folds
from nas_core.training.judge import judge_folds
from nas_core.training.model import inherit_weights, save_weights, write_weights
from nas_core.training.pace import Plan
from nas_core.training.summary import describe_model
from nas_core.training.transfer import fast_model

LEAST_JUDGES = 2_000  # rows, where there are so many: with fewer, chance tells which of two good networks is better


@dataclass(frozen=True)
class Recipe:
    """What is the same for all candidates of a search."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    inherits: bool  # whether a candidate begins with the weights of its prefix, and leaves its own for others
    n_folds: int = 1
    share: float = 1.0  # of the rows of a fold
    shrink: int = 1  # the sides of pictures are divided by this
    n_tried: int = 0  # so many of the folds are trained, all where it is 0
    seconds: float = 0.0  # for a candidate at most; no limit where it is 0

    def folds(self, data: Prepared) -> list[Fold]:
        """The rows that each candidate learns from, and those that judge it."""
        folds = make_folds(data, self.n_folds)[: self.n_tried or None]
        if self.share < 1:
            judging = [max(self.share, LEAST_JUDGES / len(fold.valid)) for fold in folds]
            folds = [Fold(thin(f.train, self.share), thin(f.valid, own)) for f, own in zip(folds, judging, strict=True)]
        if self.shrink == 1:
            return folds
        return [Fold(smaller(fold.train, self.shrink), smaller(fold.valid, self.shrink)) for fold in folds]

    def seen(self, data: Prepared) -> Prepared:
        """`data` at the resolution that candidates see."""
        return data if self.shrink == 1 else Smaller(data.run, self.shrink)

    def longer(self, factor: int, seconds: float = 0.0, n_tried: int = 0) -> Recipe:
        """The recipe for those that are worth more: `factor` times as many rows, or epochs, in full resolution.

        `seconds` limits each, `n_tried` are the folds it is trained in (0: all).
        """
        share = min(1.0, factor * self.share)
        epochs = math.ceil(factor * self.epochs * self.share / share)
        return replace(
            self, share=share, epochs=epochs, shrink=1, inherits=False, seconds=seconds, n_tried=n_tried % self.n_folds
        )

    @property
    def plan(self) -> Plan:
        """How each of them is fitted."""
        return Plan(self.epochs, self.batch_size, self.learning_rate, self.seconds or math.inf)

    def failed(self, architecture: Architecture, parent: str | None, reason: str) -> Evaluation:
        """The record of a candidate that could not be measured."""
        return Evaluation(
            architecture,
            None,
            epochs=self.epochs,
            share=self.share,
            shrink=self.shrink,
            n_folds=self.n_tried or self.n_folds,
            parent=parent,
            seed=self.seed,
            error=reason[:500],
        )


class Request(NamedTuple):
    """A candidate to be trained, beginning with the weights of `parent` (a fingerprint) when there is one.

    `recipe` is another one than that of the candidates.
    """

    architecture: Architecture
    parent: str | None
    recipe: Recipe | None = None


def train_candidate(data: Prepared, recipe: Recipe, architecture: Architecture, parent: str | None) -> Evaluation:
    """Train and measure `architecture`, beginning with the weights of `parent` (a fingerprint) when there is one.

    It is trained once a fold; the figures are those of all rows that judge, each predicted by a network that did not
    learn from it.

    Raises:
        CandidateError: it cannot be trained (diverged, out of memory, not to be built).
    """
    import keras

    keras.utils.clear_session()
    clock, outputs, folds, seen = Laps(), [], recipe.folds(data), recipe.seen(data)

    def build(fold: int) -> Any:
        model = fast_model(architecture, seen)
        if parent:
            inherit_weights(model, weights_path(data, parent, fold))
        clock.lap("build")
        return model

    for number, fitted in enumerate(fit_folds(build, seen, folds, recipe.plan, recipe.seed)):
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
        parameters=_count_parameters(fitted.model) if seen is data else _known_parameters(architecture, data),
        epochs=min(recipe.epochs, int(fitted.history[-1]["epoch"])),
        share=recipe.share,
        shrink=recipe.shrink,
        n_folds=len(folds),
        parent=parent,
        seed=recipe.seed,
        seconds=clock.seconds,
    )


def _count_parameters(model: Any) -> int:
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def _known_parameters(architecture: Architecture, data: Prepared) -> int:
    """Of the network in full resolution, which has more of them behind a flattened picture."""
    return int(describe_model(architecture, data.transforms)["parameters"])


class BankTrainer:
    """Trains candidates in a bank, with the same result as :func:`train_candidate` but for chance."""

    def __init__(self, data: Prepared, recipe: Recipe, on_gpu: bool = False) -> None:
        self.data, self.recipe, self.folds = data, recipe, recipe.folds(data)
        self.bank = Bank(data, self.folds, recipe.plan, on_gpu)
        self.bank.warm_up()

    def holds(self, architecture: Architecture) -> bool:
        """Whether the bank can train it."""
        return self.bank.holds(architecture)

    def train(self, requests: Sequence[Request]) -> list[Evaluation]:
        """Train and measure architectures that the bank holds, side by side; those that diverge are failed ones."""
        clock, n_folds = Laps(), len(self.folds)
        members = [self._member(request, fold) for request in requests for fold in range(n_folds)]
        trained = self.bank.train(members, clock.lap)
        shares = [trained[i : i + n_folds] for i in range(0, len(trained), n_folds)]
        evaluations = [self._measure(request, own) for request, own in zip(requests, shares, strict=True)]
        clock.lap("measure")
        seconds = {name: round(total / len(requests), 4) for name, total in clock.seconds.items()}
        return [replace(evaluation, seconds=seconds) for evaluation in evaluations]

    def _member(self, request: Request, fold: int) -> Member:
        # Seeded by itself, so that nothing depends on the company in which it is trained.
        seed = self.recipe.seed, int(request.architecture.fingerprint, 16), fold
        weights: dict[str, np.ndarray] = {}
        if request.parent:
            with np.load(weights_path(self.data, request.parent, fold)) as saved:
                weights = dict(saved)
        return Member(request.architecture, fold, seed, weights)

    def _measure(self, request: Request, trained: Sequence[Trained]) -> Evaluation:
        architecture, recipe = request.architecture, self.recipe
        try:
            if any(fold.is_diverged for fold in trained):
                raise CandidateError(DIVERGED)
            verdict = judge_folds(self.data, self.folds, [fold.output for fold in trained])
        except CandidateError as error:
            return recipe.failed(architecture, request.parent, f"CandidateError: {error}")
        if recipe.inherits:
            for number, fold in enumerate(trained):
                write_weights(fold.weights, weights_path(self.data, architecture.fingerprint, number))
        return Evaluation(
            architecture=architecture,
            score=verdict.score,
            standard_error=verdict.error,
            metrics=verdict.figures,
            parameters=trained[0].n_parameters,
            epochs=recipe.epochs,
            share=recipe.share,
            n_folds=len(self.folds),
            parent=request.parent,
            seed=recipe.seed,
        )


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
