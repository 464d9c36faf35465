"""The final trainings: the best candidates again, on all rows and for as long as the budget allows."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nas_core.data.folds import Fold, count_folds
from nas_core.data.prepared import Prepared
from nas_core.errors import CandidateError, JobError
from nas_core.evaluation.bank import Bank, Member
from nas_core.evaluation.final_plan import FOLDED_TIMES, RACE_SHARE, FinalPlan, count_cores, count_joined, final_epochs
from nas_core.space.architecture import Architecture
from nas_core.targets.members import HEAD
from nas_core.tasks.registry import load_part
from nas_core.training.devices import has_gpu
from nas_core.training.fit import DIVERGED, fit_folds, predict
from nas_core.training.judge import Verdict, judge_folds
from nas_core.training.model import ends, set_weights
from nas_core.training.pace import Epoch, Plan
from nas_core.training.transfer import fast_model, new_model

log = logging.getLogger("nas")

PICTURES_SECONDS = 25.0  # for a finalist of pictures, before there is another one
FIRST_SHARE = 0.6  # of the time at most, for the first in the bank: the second may be better
RUN_AGAIN = 2  # of those in a race, beside as many as will be trained in full
LEAST_SECONDS = 5.0  # for a finalist; with less, one that is not the first is left out

Fits = tuple[list[Any], list[Epoch], list[np.ndarray]]  # models, history, outputs on the rows held out


@dataclass(frozen=True, eq=False)
class Finalist:
    """An architecture trained in full: a model a fold, their mean history, the trainable weights of one.

    With several folds the network is the mean of those of all folds (bagging, Breiman 1996). `outputs` are what each
    says of the rows held out from it, `verdict` what they say of the finalist; `candidate` is the fingerprint
    of the one that it comes from.
    """

    architecture: Architecture
    models: list[Any]
    history: list[Epoch]
    outputs: list[np.ndarray]
    verdict: Verdict
    parameters: int
    candidate: str = ""


Outcome = Finalist | CandidateError  # of one that was to be trained


class Racer(NamedTuple):
    """A network of several members, its `score` after a short training, and after how many seconds of a long one, of
    all folds, another one is worth more than to go on.
    """

    architecture: Architecture
    score: float = -math.inf
    enough: float = math.inf

    def turn(self, left: float) -> float:
        """Of the seconds `left` those for this one: all of them, where the next one would have too few."""
        return self.enough if left - self.enough >= self.enough / 2 else left


class FinalTraining:
    """Trains architectures on all rows of `folds` by `plan`: in a bank where it can, else through Keras."""

    def __init__(self, data: Prepared, folds: list[Fold], plan: Plan, seed: int) -> None:
        self.data, self.folds, self.plan, self.seed = data, folds, plan, seed
        self.bank = Bank(data, folds, plan, has_gpu())

    def train_best(self, finals: FinalPlan, deadline: float) -> list[Finalist]:
        """The networks of several members and, as the time allows, those by themselves; one of them in any case.

        Those have a core each, and if there are more of them, those that win a race first; where all the time is
        theirs, the next ones follow. The others have the cores that are left, or come afterwards.

        Args:
            finals: the networks.
            deadline: by ``time.monotonic()``.

        Raises:
            JobError: none of them could be trained.
        """
        n_joined, n_cores = min(len(finals.joined), count_joined()), count_cores()
        n_free, ranked = max(0, n_cores - n_joined), iter(self._ranked(finals.joined, deadline))
        with ThreadPoolExecutor(max(1, n_joined), "members") as aside:
            end = deadline - (0 if n_free else (1 - finals.share) * (deadline - time.monotonic()))
            begun = [aside.submit(self._follow, ranked, end, finals.share == 1) for _ in range(n_joined)]
            outcomes = [] if n_free else _joined(begun)
            outcomes += self._in_turns(finals.alone, n_free or n_cores, deadline, is_needed=not _trained(outcomes))
            outcomes += _joined(begun) if n_free else []
        if not (finalists := _trained(outcomes)):
            reasons = "; ".join(map(str, outcomes))
            raise JobError(f"No finalist could be trained: {reasons}. Try a smaller `learning_rate`.")
        return [replace(each, candidate=finals.candidate(each.architecture)) for each in finalists]

    def train_linear(self, n: int) -> list[Finalist]:
        """`n` times a linear model as a network without a layer, where rows are few: it errs there by other rows.

        There is none where rows are many (networks need it no more), or not those of a table.
        """
        if count_folds(self.data, 0) == 1 or len(ends(self.data.transforms).shape) > 1:
            return []
        weights, nothing = [self._fit_linear(fold) for fold in range(len(self.folds))], Architecture(())
        copies = [[self._build_linear(each, fold, copy) for fold, each in enumerate(weights)] for copy in range(n)]
        outputs = [predict(model, fold.valid) for model, fold in zip(copies[0], self.folds, strict=True)]
        verdict = judge_folds(self.data, self.folds, outputs)
        log.info("Finalist %s: score %.4f.", nothing, verdict.score)
        return [Finalist(nothing, models, [], outputs, verdict, _count_parameters(models[0])) for models in copies]

    def _fit_linear(self, fold: int) -> dict[str, np.ndarray]:
        task, transforms, rows = self.data.schema["task"], self.data.transforms, self.folds[fold].train
        form, baselines = load_part(task, "input", "linear"), load_part(task, "target", "baselines")
        features = form.features(transforms["input"], rows.inputs)
        kernel, bias = baselines.fit_linear(transforms["target"], features, rows.target)
        learned, matrix = form.weights(transforms["input"], kernel)
        return {**learned, f"{HEAD}/0": matrix, f"{HEAD}/1": bias}

    def _build_linear(self, weights: dict[str, np.ndarray], fold: int, copy: int) -> Any:
        model = new_model(Architecture(()), self.data, name=f"linear_{fold}_{copy}")
        set_weights(model, weights)
        return model

    def _ranked(self, joined: Sequence[Architecture], deadline: float) -> list[Racer]:
        """`joined` by a race, short trainings on the first fold, unless all of them are trained in full anyway.

        What the search found best by itself need not be the best of members that are trained for long. Half of the
        time is for the best few, who run again (successive halving: Jamieson & Talwalkar, AISTATS 2016).
        """
        if len(joined) <= count_joined():
            return [Racer(each) for each in joined]
        seconds, n_again = RACE_SHARE * (deadline - time.monotonic()), count_joined() + RUN_AGAIN
        if len(joined) <= n_again:
            return self._race(joined, seconds)
        ranked = self._race(joined, seconds / 2)
        again = [racer.architecture for racer in ranked[:n_again]]
        return [*self._race(again, seconds / 2), *ranked[n_again:]]

    def _race(self, joined: Sequence[Architecture], seconds: float) -> list[Racer]:
        """`joined` as they are after equally long trainings, of `seconds` together, the best first."""
        n_cores = count_cores()
        with ThreadPoolExecutor(n_cores, "race") as threads:
            racers = threads.map(partial(self._run, seconds / math.ceil(len(joined) / n_cores)), joined)
            return sorted(racers, key=lambda racer: racer.score, reverse=True)

    def _run(self, seconds: float, architecture: Architecture) -> Racer:
        try:
            _, history, outputs = self._fit_in_keras(architecture, seconds, self.folds[:1])
        except CandidateError:
            return Racer(architecture)
        score = judge_folds(self.data, self.folds[:1], outputs).score
        log.info("Tried out %s: score %.4f after %d epochs.", architecture, score, history[-1]["epoch"])
        return Racer(architecture, score, self._enough(history))

    def _enough(self, history: list[Epoch]) -> float:
        """The seconds after which the fits of all folds, this `history` being the first one's, learn little more.

        One fold alone learns to the end: it has no mean that would make up for what is missed.
        """
        if len(self.folds) == 1:
            return math.inf
        first, last = history[0], history[-1]  # the first holds the tracing
        pace = (last["seconds"] - first["seconds"]) / max(1, last["epoch"] - first["epoch"])
        return len(self.folds) * FOLDED_TIMES * final_epochs(len(self.folds[0].train)) * pace or math.inf

    def _follow(self, ranked: Iterator[Racer], end: float, to_the_end: bool) -> list[Outcome]:
        """Train the next of `ranked`, which all cores share, and, `to_the_end`, others while there is time."""
        outcomes = list[Outcome]()
        for racer in ranked:
            began = time.monotonic()
            left = end - began
            outcomes.append(self._try(racer.turn(left) if to_the_end else left, racer.architecture))
            now = time.monotonic()
            if not to_the_end or end - now < max(LEAST_SECONDS, (now - began) / 2):
                break
        return outcomes

    def _in_turns(
        self, architectures: Sequence[Architecture], n_cores: int, deadline: float, is_needed: bool
    ) -> list[Outcome]:
        """Side by side what the bank holds; what only Keras can train one by one, sharing the time.

        The first is trained in any case when it `is_needed`.
        """
        rest, outcomes, took = list(architectures), list[Outcome](), 0.0
        while rest:
            began = time.monotonic()
            if (outcomes or not is_needed) and deadline - began < max(LEAST_SECONDS, took / 2):
                break
            is_banked = self.bank.holds(rest[0])
            turn = [each for each in rest if self.bank.holds(each)][:n_cores] if is_banked else rest[:1]
            share = FIRST_SHARE if len(turn) < len(rest) == len(architectures) else 1
            seconds = (deadline - began) * (share if is_banked else 1 / self._n_turns(len(rest), deadline - began))
            with ThreadPoolExecutor(len(turn), "finalist") as threads:
                outcomes += threads.map(partial(self._try, seconds), turn)
            rest = [each for each in rest if each not in turn]
            took = time.monotonic() - began
        return outcomes

    def _n_turns(self, n_rest: int, seconds: float) -> int:
        """Among how many the `seconds` are shared that only Keras can train; a network of pictures needs many."""
        has_pictures = len(ends(self.data.transforms).shape) > 1
        return max(1, min(n_rest, int(seconds / PICTURES_SECONDS))) if has_pictures else n_rest

    def _try(self, seconds: float, architecture: Architecture) -> Outcome:
        try:
            return self.train(architecture, max(seconds, LEAST_SECONDS))
        except CandidateError as error:
            return CandidateError(f"{architecture}: {error}")

    def train(self, architecture: Architecture, seconds: float) -> Finalist:
        """Train `architecture` for `seconds` at most.

        Raises:
            CandidateError: it diverged.
        """
        if self.bank.holds(architecture):
            models, history, outputs = self._fit_in_bank(architecture, seconds)
        else:
            models, history, outputs = self._fit_in_keras(architecture, seconds, self.folds)
        verdict, last = judge_folds(self.data, self.folds, outputs), history[-1]
        said = "Finalist %s: score %.4f after %d epochs, %.1f s."
        log.info(said, architecture, verdict.score, last["epoch"], last["seconds"])
        return Finalist(architecture, models, history, outputs, verdict, _count_parameters(models[0]))

    def _fit_in_bank(self, architecture: Architecture, seconds: float) -> Fits:
        members = [Member(architecture, fold, (self.seed, fold)) for fold in range(len(self.folds))]
        trained, history = self.bank.train_at_pace(members, seconds)
        if any(each.is_diverged for each in trained):
            raise CandidateError(DIVERGED)
        models = [self._build(architecture, fold) for fold in range(len(self.folds))]
        for model, each in zip(models, trained, strict=True):
            set_weights(model, each.weights)
        return models, history, [each.output for each in trained]

    def _fit_in_keras(self, architecture: Architecture, seconds: float, folds: list[Fold]) -> Fits:
        plan = replace(self.plan, seconds=seconds)
        models, histories, outputs = list[Any](), [], []
        for fitted in fit_folds(lambda _: fast_model(architecture, self.data), self.data, folds, plan, self.seed):
            models.append(self._build(architecture, len(models)))
            models[-1].set_weights(fitted.model.get_weights())
            histories.append(fitted.history)
            outputs.append(fitted.output)
        return models, _mean_history(histories), outputs

    def _build(self, architecture: Architecture, fold: int) -> Any:
        # The names that Keras gives are different within one thread only.
        return new_model(architecture, self.data, name=f"network_{architecture.fingerprint}_{fold}")


def _joined(begun: Sequence[Future[list[Outcome]]]) -> list[Outcome]:
    return [outcome for each in begun for outcome in each.result()]


def _trained(outcomes: Sequence[Outcome]) -> list[Finalist]:
    return [outcome for outcome in outcomes if isinstance(outcome, Finalist)]


def _count_parameters(model: Any) -> int:
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def _mean_history(histories: list[list[Epoch]]) -> list[Epoch]:
    """One history of several trainings: means, of those that ended early their last line, and the seconds of all."""
    longest = max(histories, key=len)
    lines = [[history[min(i, len(history) - 1)] for history in histories] for i in range(len(longest))]
    return [
        {name: float(np.mean([row[name] for row in rows])) for name in own}
        | {"epoch": own["epoch"], "seconds": sum(row["seconds"] for row in rows)}
        for own, rows in zip(longest, lines, strict=True)
    ]
