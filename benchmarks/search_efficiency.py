"""How few trainings a search needs: the product's own environments, agents and loop on public NAS benchmarks.

    .venv/bin/python benchmarks/search_efficiency.py --seeds 20

A table of accuracies takes the place of the training (see tables.py and, for the space ``windows`` that nobody can
enumerate, windows.py). Each row is one agent: the regret (accuracy of the best network less the best found, in points)
after some numbers of different networks as mean ± standard deviation over the seeds 100 and up, the share of seeds that
found one of the best 0.1 % of the networks (in ``windows``: 95 % of the best score) within 50, the median number of
networks until then, and the seconds that the search itself took for each. On a table only complete networks are
rewarded and counted, so the two algorithms play the same game there; in ``windows`` each layer's evaluation counts, as
on real data.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rivals import LocalSearch, Reinforce, SameSurrogate
from tables import FOLDER, OBJECTIVES, Table, load_table
from windows import Windows, load_windows

from nas_core.agents.agent import Agent
from nas_core.agents.earlier import read_results
from nas_core.agents.registry import AGENTS, make_agent
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.ledger import Entry, Ledger
from nas_core.evaluation.pool import started_ray
from nas_core.evaluation.surrogate import Results
from nas_core.search.loop import ROUND_SIZE, Limits, Search

COUNTS = (20, 50, 100)
FIRST_SEED = 100
EARLIER_SEED = 1_000_000  # added to the seed for the search whose results are handed over
RIVALS = {"same-surrogate": SameSurrogate, "local": LocalSearch, "reinforce": Reinforce}
LEARNED = ("ppo", "same-surrogate")  # they work in rounds; the others learn most from one network at a time


@dataclass(frozen=True)
class Row:
    """What is searched, and by whom: all that a process must know."""

    table: str
    folder: Path
    objective: str | None
    agent: str
    algorithm: str
    counts: tuple[int, ...]
    warm_start: str | None
    round_size: int

    def load(self) -> Table | Windows:
        """What is searched: a table by its name in `folder` or its path, or the space of windows."""
        if self.table == "windows":
            return load_windows(self.folder / "nas_bench_201_cifar10.npz")
        path = Path(self.table)
        return load_table(path if path.suffix else self.folder / f"{path}.npz", self.objective)


@dataclass(frozen=True)
class Outcome:
    """One search: the best accuracy after each network, and the seconds of search for each."""

    best: np.ndarray
    overhead: float


class Unwatched:
    """Neither tells nor ends anything (see nas_core.search.loop.Watch)."""

    def used(self) -> float:
        """No clock."""
        return 0.0

    def reason_to_stop(self) -> None:
        """It ends by the count."""

    def recorded(self, entry: Entry, number: int) -> None:
        """The ledger is read at the end."""


def search(row: Row, table: Table | Windows, seed: int) -> Outcome:
    """One search of `row` from `seed`."""
    settings = EnvSettings(algorithm=row.algorithm, size_penalty=0.0)
    earlier = [earlier_search(row, settings, seed)] if row.warm_start else []
    agent = new_agent(row.agent, table, settings, seed, earlier)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "candidates.jsonl")
        size = row.round_size if row.agent in LEARNED else 1
        loop = Search(table.space, settings, agent, ledger, table.evaluate, Unwatched())
        loop.run(Limits(max(row.counts)), 1, size)
        scores = [100 * entry.evaluation.score for entry in ledger]
    return Outcome(np.maximum.accumulate(scores), (time.perf_counter() - began) / len(scores))


def new_agent(
    name: str, table: Table | Windows, settings: EnvSettings, seed: int, earlier: Sequence[Results] = ()
) -> Agent:
    """The product's agent of this name, or one of the rivals."""
    if name in RIVALS:
        return RIVALS[name](table.space, settings, seed)
    return make_agent(name, table.space, settings, seed, earlier)


def earlier_search(row: Row, settings: EnvSettings, seed: int) -> Results:
    """What regularized evolution found in 100 evaluations of the column `warm_start` of the same table."""
    table = replace(row, objective=row.warm_start).load()
    agent = make_agent("evolution", table.space, settings, seed + EARLIER_SEED)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "candidates.jsonl"
        Search(table.space, settings, agent, Ledger(path), table.evaluate, Unwatched()).run(Limits(100), 1, 1)
        return read_results(path, table.space)


def run_seeds(row: Row, seeds: list[int]) -> list[Outcome]:
    """All searches of a process."""
    logging.disable(logging.WARNING)
    table = row.load()
    with started_ray(None) if row.agent in LEARNED else nullcontext():
        return [search(row, table, seed) for seed in seeds]


def outcomes(row: Row, seeds: list[int], n_processes: int) -> Iterator[Outcome]:
    """The searches of `row`, shared out to `n_processes`."""
    if n_processes == 1:
        yield from run_seeds(row, seeds)
        return
    shares = [seeds[i::n_processes] for i in range(n_processes)]
    with ProcessPoolExecutor(n_processes, get_context("spawn")) as processes:
        for share in processes.map(run_seeds, repeat(row), shares):
            yield from share


def head(counts: tuple[int, ...]) -> str:
    """The names of the columns."""
    return f"{'':<28}" + "".join(f"{f'at {n}':>18}" for n in counts) + f"{'top in 50':>12}{'needed':>9}{'overhead':>12}"


def describe(row: Row, table: Table | Windows, found: list[Outcome]) -> str:
    """The line of the printed table."""
    best = np.array([outcome.best for outcome in found])
    regrets = [table.best - best[:, n - 1] for n in row.counts]
    reached = best >= table.elite - 1e-9
    needed = np.where(reached.any(1), reached.argmax(1) + 1.0, np.inf)
    cells = "".join(f"{f'{regret.mean():.3f} ± {regret.std():.3f}':>18}" for regret in regrets)
    share, seconds = (needed <= 50).mean(), np.mean([outcome.overhead for outcome in found])
    name = f"{row.agent} {row.algorithm}" + (" warm" if row.warm_start else "")
    return f"{name:<28}{cells}{share:>12.0%}{np.median(needed):>9.0f}{seconds:>10.2f} s"


def main() -> None:
    """Print one table of figures for each benchmark."""
    given = parse_arguments()
    seeds = list(range(given.first_seed, given.first_seed + given.seeds))
    counts = tuple(given.counts)
    for name in given.table:
        rows = [
            Row(name, given.folder, given.objective, agent, algorithm, counts, given.warm_start, given.round_size)
            for agent in given.agent
            for algorithm in given.algorithm
        ]
        table = rows[0].load()
        print(f"\n{name}: {table}, {len(seeds)} seeds\n{head(counts)}", flush=True)  # noqa: T201
        for row in rows:
            print(describe(row, table, list(outcomes(row, seeds, given.processes))), flush=True)  # noqa: T201


def parse_arguments() -> argparse.Namespace:
    """The options, each with a default that measures everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [*AGENTS, *RIVALS]
    parser.add_argument("--table", nargs="+", default=list(OBJECTIVES), help="names in the folder, paths, or windows")
    parser.add_argument("--objective", help="column of accuracies; by default the table's own")
    parser.add_argument(
        "--warm-start", metavar="COLUMN", help="column that an earlier search of 100 networks was after"
    )
    parser.add_argument("--agent", nargs="+", default=known, choices=known)
    parser.add_argument("--algorithm", nargs="+", default=["layerwise", "whole"], choices=["layerwise", "whole"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS), help="networks after which is looked")
    parser.add_argument("--round-size", type=int, default=ROUND_SIZE, help="networks proposed at a time")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the tables are")
    return parser.parse_args()


if __name__ == "__main__":
    main()
