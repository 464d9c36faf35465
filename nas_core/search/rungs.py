"""The second rung of a search of pictures: its best candidates again, at a higher fidelity, held against each other.

Successive halving (Jamieson & Talwalkar, AISTATS 2016) with two rungs. What was measured on it is a ledger of its own,
so that like is compared with like: the agent learns from the first rung alone.
"""

from __future__ import annotations

import logging
import math
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

from nas_core.envs.reward import value
from nas_core.evaluation.candidate import Recipe
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.fidelity import LEAST_LONGER, PROMOTION
from nas_core.evaluation.ledger import Entry, Ledger
from nas_core.runs import layout
from nas_core.runs.run import Run
from nas_core.search.clock import Clock
from nas_core.space.architecture import Architecture

log = logging.getLogger("nas")


class Rung:
    """Trains the best of the ledger `below` again, until the time of `clock` is up."""

    def __init__(self, run: Run, below: Ledger, clock: Clock, size_penalty: float) -> None:
        self.run, self.below, self.clock, self.size_penalty = run, below, clock, size_penalty
        self.ledger = Ledger(run.path(layout.PROMOTED))

    def recipe(self, lower: Recipe, seconds: float) -> Recipe | None:
        """How those that `lower` was the recipe of are trained again when each may take `seconds`.

        In as many folds as the job has where there is time for that, else in one; not at all (None) where they would
        not be trained much longer than before. A search that is taken up goes on as it began.
        """
        if known := [entry.evaluation.n_folds for entry in self.ledger]:
            return lower.longer(PROMOTION, seconds, known[0])
        costs = [sum(entry.evaluation.seconds.values()) for entry in self._best()]
        once = lower.shrink**2 * statistics.median(costs) if costs else math.inf
        if PROMOTION * lower.n_folds * once <= seconds:
            return lower.longer(PROMOTION, seconds)
        return lower.longer(PROMOTION, seconds, 1) if LEAST_LONGER * once <= seconds else None

    def climb(self, train: Callable[[Architecture], Evaluation], n_workers: int, known: Architecture) -> None:
        """The best quarter by `train`, from `n_workers` threads; the best is held against `known` in any case.

        What is not done in time is dropped.
        """
        best = self._best()
        rival = self.below.get(known)
        if best and rival and rival not in best and not rival.evaluation.is_failed:
            best.insert(1, rival)
        waiting, took = [entry for entry in best if not self.ledger.get(entry.evaluation.architecture)], 0.0
        threads = ThreadPoolExecutor(n_workers, "rung")
        while waiting and took < self.clock.left and not self.run.is_stopped():
            began, turn, waiting = time.monotonic(), waiting[:n_workers], waiting[n_workers:]
            games = [threads.submit(train, entry.evaluation.architecture) for entry in turn]
            wait(games, timeout=max(0.0, self.clock.left))
            for entry, game in zip(turn, games, strict=True):
                if game.done():
                    self._record(entry, game.result())
            took = time.monotonic() - began
        threads.shutdown(wait=False, cancel_futures=True)

    def _best(self) -> list[Entry]:
        """The best quarter, best first, unless there is one network only."""
        return self.below.best(math.ceil(len(self.below) / PROMOTION)) if len(self.below) > 1 else []

    def _record(self, below: Entry, evaluation: Evaluation) -> None:
        evaluation = replace(evaluation, flops=below.evaluation.flops)
        reward = value(evaluation, self.size_penalty)
        self.ledger.add(replace(below, evaluation=evaluation, reward=reward, at=round(self.clock.used, 2)))
        outcome = f"failed: {evaluation.error}" if reward is None else f"{reward:.4f}"
        seconds = sum(evaluation.seconds.values())
        log.info("Trained longer: %s, %.1f s · %s", outcome, seconds, evaluation.architecture)


def finalists(run: Run, n: int) -> list[Entry]:
    """The `n` entries to be trained in full: those of the second rung, then those that did not reach it.

    Without a second rung the network that the search began with comes second: it is what the best has to beat.
    """
    promoted, ledger = Ledger(run.path(layout.PROMOTED)).finalists(n), Ledger(run.path(layout.CANDIDATES))
    best = ledger.finalists(len(ledger))
    ranked = promoted + best if promoted else best[:1] + ledger.begun_with() + best
    once: dict[Architecture, Entry] = {}
    for entry in ranked:
        once.setdefault(entry.evaluation.architecture, entry)
    return list(once.values())[:n]
