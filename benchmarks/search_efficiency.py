"""How few trainings a search needs: the product's own environments, agents and loop on public NAS benchmarks.

    .venv/bin/python benchmarks/search_efficiency.py --seeds 20

A table of accuracies takes the place of the training (see tables.py). Each row is one agent: the regret (accuracy of
the best network of the table less the best found, in points) after 20, 50 and 100 different networks as mean ± standard
deviation over the seeds 100 and up, the share of seeds that found one of the best 0.1 % of the networks within 50, the
median number of networks until then, and the seconds that the search itself took for each.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rivals import LocalSearch, Reinforce
from tables import FOLDER, OBJECTIVES, Table, load_table

from nas_core.agents.agent import Agent
from nas_core.agents.registry import AGENTS, make_agent
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.ledger import Entry, Ledger
from nas_core.evaluation.pool import started_ray
from nas_core.search.loop import ROUND_SIZE, Limits, Search

COUNTS = (20, 50, 100)
FIRST_SEED = 100
RIVALS = {"local": LocalSearch, "reinforce": Reinforce}
HEAD = f"{'':<24}" + "".join(f"{f'regret at {n}':>16}" for n in COUNTS)


@dataclass(frozen=True)
class Row:
    """What is searched, and by whom: all that a process must know."""

    table: Path
    objective: str | None
    agent: str
    algorithm: str
    n: int

    @property
    def name(self) -> str:
        """The agent, and where it matters the algorithm."""
        return f"{self.agent} {self.algorithm}" if self.agent == "ppo" else self.agent


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


def search(row: Row, table: Table, seed: int) -> Outcome:
    """One search of `row` from `seed`."""
    settings = EnvSettings(algorithm=row.algorithm, size_penalty=0.0)
    agent = new_agent(row.agent, table, settings, seed)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "candidates.jsonl")
        # The rivals learn most from one network at a time; so they get that.
        size = ROUND_SIZE if row.agent == "ppo" else 1
        Search(table.space, settings, agent, ledger, table.evaluate, Unwatched()).run(Limits(row.n), 1, size)
        scores = [100 * entry.evaluation.score for entry in ledger]
    return Outcome(np.maximum.accumulate(scores), (time.perf_counter() - began) / len(scores))


def new_agent(name: str, table: Table, settings: EnvSettings, seed: int) -> Agent:
    """The product's agent of this name, or one of the rivals."""
    if name in RIVALS:
        return RIVALS[name](table.space, settings, seed)
    return make_agent(name, table.space, settings, seed)


def run_seeds(row: Row, seeds: list[int]) -> list[Outcome]:
    """All searches of a process."""
    logging.disable(logging.WARNING)
    table = load_table(row.table, row.objective)
    with started_ray(None) if row.agent == "ppo" else nullcontext():
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


def describe(row: Row, table: Table, found: list[Outcome]) -> str:
    """The line of the printed table."""
    best = np.array([outcome.best for outcome in found])
    regrets = [table.best - best[:, n - 1] for n in COUNTS if n <= row.n]
    reached = best >= table.elite - 1e-9
    needed = np.where(reached.any(1), reached.argmax(1) + 1.0, np.inf)
    cells = "".join(f"{f'{regret.mean():.3f} ± {regret.std():.3f}':>16}" for regret in regrets)
    share, seconds = (needed <= 50).mean(), np.mean([outcome.overhead for outcome in found])
    return f"{row.name:<24}{cells}{share:>12.0%}{np.median(needed):>9.0f}{seconds:>10.2f} s"


def main() -> None:
    """Print one table of figures for each benchmark."""
    given = parse_arguments()
    say = sys.stdout.write
    for path in [resolve(name, given.folder) for name in given.table]:
        table = load_table(path, given.objective)
        say(f"\n{path.stem}: {len(table.accuracy):,} networks, best {table.best:.3f}, {given.seeds} seeds\n")
        say(f"{HEAD}{'top in 50':>12}{'needed':>9}{'overhead':>12}\n")
        for agent in given.agent:
            for algorithm in given.algorithm if agent == "ppo" else ["whole"]:
                row = Row(path, given.objective, agent, algorithm, given.n)
                seeds = list(range(given.first_seed, given.first_seed + given.seeds))
                say(describe(row, table, list(outcomes(row, seeds, given.processes))) + "\n")
                sys.stdout.flush()


def resolve(name: str, folder: Path) -> Path:
    """A table by its name in `folder`, or by its path."""
    return Path(name) if name.endswith(".npz") else folder / f"{name}.npz"


def parse_arguments() -> argparse.Namespace:
    """The options, each with a default that measures everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    known = [*AGENTS, *RIVALS]
    parser.add_argument("--table", nargs="+", default=list(OBJECTIVES), help="names in the folder, or paths")
    parser.add_argument("--objective", help="column of accuracies; by default the table's own")
    parser.add_argument("--agent", nargs="+", default=known, choices=known)
    parser.add_argument("--algorithm", nargs="+", default=["layerwise", "whole"], choices=["layerwise", "whole"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--n", type=int, default=max(COUNTS), help="networks in a search")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the tables are")
    return parser.parse_args()


if __name__ == "__main__":
    main()
