"""How well the search keeps many workers busy, and what a proposal costs when the ledger is long.

    .venv/bin/python benchmarks/scaling.py

First the seconds of one proposal, part by part, in the space ``windows`` (see windows.py) when the ledger has so many
entries. Fitting, practising and choosing depend on the surrogate's points, which are capped; the rest is what the
ledger's length costs. Then the product's own loop and agent over NAS-Bench-201 with trainings that only wait: their
seconds are drawn from a log-normal distribution with the median given. Efficiency is the share of all workers' time in
which they trained, from the first proposal to the last candidate.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from search_efficiency import Unwatched
from tables import FOLDER, Table, load_table
from windows import Windows, load_windows

from nas_core.agents.agent import draw_unseen
from nas_core.agents.ppo import PPOAgent
from nas_core.agents.registry import make_agent
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.ledger import Entry, Ledger
from nas_core.evaluation.pool import started_ray
from nas_core.search.loop import Limits, Search
from nas_core.space.architecture import Architecture

SETTINGS = EnvSettings(algorithm="whole", size_penalty=0.0)
SPREAD = 0.5  # standard deviation of the logarithm of a training's seconds


class Waiting:
    """Looks a network up and waits as long as its training would take, in a place for `n_workers`; notes from when to
    when.
    """

    def __init__(self, table: Table, n_workers: int, seconds: float) -> None:
        self.table, self.seconds = table, seconds
        self._free = threading.Semaphore(n_workers)
        self.spans: list[list[float]] = []
        self._rng, self._lock = np.random.default_rng(0), threading.Lock()

    def __call__(self, architecture: Architecture) -> Evaluation:
        """See nas_core.search.loop.Search."""
        with self._free:
            with self._lock:
                span = [time.perf_counter(), np.inf]
                self.spans.append(span)
                seconds = self.seconds * float(np.exp(self._rng.normal(0, SPREAD)))
            time.sleep(seconds)
            span[1] = time.perf_counter()
        return self.table.evaluate(architecture)


def efficiency(table: Table, n_workers: int, seconds: float, n_each: int) -> tuple[float, float]:
    """Share of the workers' time that they trained, and candidates a minute; `Search.run` is called as for a pool."""
    train = Waiting(table, n_workers, seconds)
    agent = make_agent("ppo", table.space, SETTINGS, 0)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "candidates.jsonl")
        began = time.perf_counter()
        search = Search(table.space, SETTINGS, agent, ledger, train, Unwatched())
        search.run(Limits(n_each * n_workers), 2 * n_workers, ahead=n_workers if n_workers > 1 else 0)
        ended = time.perf_counter()
    busy = sum(min(end, ended) - start for start, end in train.spans)
    return busy / (n_workers * (ended - began)), 60 * len(ledger) / (ended - began)


def proposal_seconds(windows: Windows, n_entries: int) -> dict[str, float]:
    """Seconds of the parts of one proposal of four networks after `n_entries`, the second time it is asked."""
    networks = draw_unseen(windows.space, np.random.default_rng(0), set(), n_entries)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "candidates.jsonl")
        for number, codes in enumerate(networks):
            evaluation = windows.evaluate(windows.space.vocabulary.decode(codes))
            ledger.add(Entry(evaluation, number // 4, number % 4, "ppo", evaluation.score, 0.0))
        adding = (time.perf_counter() - began) / n_entries
        agent = Timed(windows.space, SETTINGS, 0)
        for round_ in (n_entries // 4 - 1, n_entries // 4):
            agent.seconds.clear()
            began = time.perf_counter()
            agent.propose(ledger.before(round_), 4, round_)
            whole = time.perf_counter() - began
    parts = agent.seconds
    return {"adding an entry": adding} | parts | {"all the rest": whole - sum(parts.values())}


class Timed(PPOAgent):
    """The agent, with a watch on what is done with the capped surrogate."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seconds: dict[str, float] = {}

    def _fit(self, *args: Any) -> Any:
        return self._timed("fitting the surrogate", super()._fit, *args)

    def _practise(self, *args: Any) -> Any:
        return self._timed("practising on it", super()._practise, *args)

    def _choose(self, *args: Any) -> Any:
        return self._timed("choosing by it", super()._choose, *args)

    def _timed(self, what: str, work: Any, *args: Any) -> Any:
        began = time.perf_counter()
        result = work(*args)
        self.seconds[what] = time.perf_counter() - began
        return result


def main() -> None:
    """Print what a proposal costs, then the efficiency by the number of workers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--seconds", type=float, default=8.0, help="median of a training")
    parser.add_argument("--each", type=int, default=8, help="candidates for each worker")
    parser.add_argument("--entries", type=int, nargs="*", default=[200, 2_000, 20_000])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the tables are")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    path = given.folder / "nas_bench_201_cifar10.npz"
    with started_ray(None):
        windows = load_windows(path)
        for n in given.entries:
            parts = ", ".join(f"{what} {1000 * s:.1f} ms" for what, s in proposal_seconds(windows, n).items())
            print(f"{n:>6} entries: {parts}", flush=True)  # noqa: T201
        table = load_table(path)
        for n in given.workers:
            share, pace = efficiency(table, n, given.seconds, given.each)
            print(f"{n:>3} workers: {share:6.1%} of their time trained, {pace:6.1f} candidates a minute", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
