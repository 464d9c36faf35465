"""A space of 4.8e12 networks of varying length whose scores, and whose best score, are known.

A network is a row of 1 to 18 operations of NAS-Bench-201. Every window of six operations that begins at a multiple of
three is looked up in the public table as a cell (what a window lacks at the end of the network is "none"), and worth
the share of all cells that are no better, less for a window further behind. Each window has a price, so that more
layers pay only as long as they are good. Neighbouring windows share three operations: what is best in one spoils the
next, and the landscape is rugged in the way of Kauffman's NK model ("The origins of order", 1993), with contributions
that were measured. The best score follows by dynamic programming over the three shared operations; scores are given in
per cent of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from tables import register

from nas_core.evaluation.evaluation import Evaluation
from nas_core.space.architecture import Architecture
from nas_core.space.cost import Ends
from nas_core.space.layer import Cost
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import Vocabulary

MAX_LAYERS, WINDOW, STEP = 18, 6, 3
DECAY, PRICE = 0.85, 0.35
NONE = 1  # the code of the operation "none", behind "stop"


@dataclass(frozen=True)
class Windows:
    """The space, the worth of each cell by its codes, and what the best network scores."""

    space: Space
    worth: dict[Codes, float]
    optimum: float

    best = 100.0
    elite = 95.0  # per cent of the best score

    def __str__(self) -> str:
        n = sum((len(self.space.vocabulary) - 1) ** depth for depth in range(1, MAX_LAYERS + 1))
        return f"{n:.1e} networks of 1 to {MAX_LAYERS} layers, scores in per cent of the best"

    def score(self, codes: Codes) -> float:
        """The score of a network in per cent of the best."""
        n_windows = max(1, -(-len(codes) // STEP) - 1)
        padded = (*codes, *[NONE] * WINDOW)
        cells = (padded[STEP * i : STEP * i + WINDOW] for i in range(n_windows))
        return 100 / self.optimum * sum(gain(i, self.worth[cell]) for i, cell in enumerate(cells))

    def evaluate(self, architecture: Architecture) -> Evaluation:
        """Score `architecture`, as if it had been trained."""
        codes = self.space.vocabulary.encode(architecture)
        size = self.space.cost(codes)
        return Evaluation(architecture, self.score(codes) / 100, parameters=size.parameters, flops=size.flops)


def load_windows(path: Path) -> Windows:
    """The space made of the cells of NAS-Bench-201 at `path`."""
    columns = np.load(path)
    networks, accuracy = columns["arch"].astype(int), columns["val200_cifar10"]
    ranks = np.searchsorted(np.sort(accuracy), accuracy, side="right") / len(accuracy)
    worth = dict(zip(map(tuple, (networks + 1).tolist()), ranks.tolist(), strict=True))
    slots = np.tile(networks[:, :STEP], MAX_LAYERS // STEP)
    ends = Ends((0,), Cost(), lambda _: Cost(), (1,))
    space = Space(Vocabulary(register(slots, [None, None])), ends, MAX_LAYERS, 2**62)
    return Windows(space, worth, optimum(worth))


def gain(i: int, worth: float) -> float:
    """What the `i`-th window adds."""
    return DECAY**i * worth - PRICE


def optimum(worth: dict[Codes, float]) -> float:
    """The score of the best network: for each last three operations, the best that ends with them, window by window."""
    halves = list(product(sorted({code for cell in worth for code in cell}), repeat=STEP))
    matrix = np.array([[worth[first + last] for last in halves] for first in halves])
    ended, best = np.zeros(len(halves)), -np.inf
    for i in range(MAX_LAYERS // STEP - 1):
        ended = (ended[:, None] + gain(i, matrix)).max(0)
        best = max(best, float(ended.max()))
    return best
