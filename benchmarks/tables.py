"""Public NAS benchmarks as spaces of the product: every network's accuracy is known, so a search needs no training.

A table is an .npz with `arch` (networks, slots), one small whole number a slot, and columns of accuracies in per cent.
Its space has a kind of layer for each number, since nothing says that two of them are alike, and networks of exactly as
many layers as there are slots. `params` and `flops`, where a table has them, are sums over the slots in the published
benchmarks; the space prices a network by the sums that fit best.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas_core.evaluation.evaluation import Evaluation
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.cost import Ends
from nas_core.space.layer import LAYERS, Cost, Shape
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import Vocabulary

FOLDER = Path(__file__).parent.parent.parent / "shared" / "data" / "nas_tables"
OBJECTIVES = {"nas_bench_201_cifar10": "val200_cifar10", "nas_bench_macro_cifar10": "mean_acc"}

# What this module answers as a layer of the product (see nas_core.space.layer.Layer). The shape is the slot's number.
REPEATS = True
_COSTS: dict[tuple[int, int], Cost] = {}


def output_shape(shape: Shape, *, number: int) -> Shape:  # noqa: ARG001 (every operation fits everywhere)
    """The next slot."""
    return (shape[0] + 1,)


def cost(shape: Shape, *, number: int) -> Cost:
    """What the table says that operation `number` costs in this slot."""
    return _COSTS[shape[0], number]


@dataclass(frozen=True)
class Table:
    """The space of a benchmark and the accuracy (in per cent) of each of its networks."""

    space: Space
    accuracy: dict[Codes, float]

    def __str__(self) -> str:
        return f"{len(self.accuracy):,} networks, best {self.best:.3f}"

    @property
    def best(self) -> float:
        """The highest accuracy of the table."""
        return max(self.accuracy.values())

    @property
    def elite(self) -> float:
        """The accuracy that the best 0.1 % of the networks reach."""
        values = sorted(self.accuracy.values(), reverse=True)
        return values[max(1, round(len(values) / 1000)) - 1]

    def evaluate(self, architecture: Architecture) -> Evaluation:
        """Look `architecture` up, as if it had been trained."""
        codes = self.space.vocabulary.encode(architecture)
        size = self.space.cost(codes)
        return Evaluation(architecture, self.accuracy[codes] / 100, parameters=size.parameters, flops=size.flops)


def load_table(path: Path, objective: str | None = None) -> Table:
    """The table at `path` with the column `objective`; one table a process, since its layer is registered."""
    columns = np.load(path)
    networks, accuracy = columns["arch"].astype(int), columns[objective or OBJECTIVES[path.stem]].astype(float)
    choices = register(networks, [columns.get(name) for name in ("params", "flops")])
    n_slots = networks.shape[1]
    ends = Ends((0,), Cost(), lambda _: Cost(), (1,))
    space = Space(Vocabulary(choices), ends, n_slots, 2**62, min_layers=n_slots)
    return Table(space, dict(zip(map(tuple, (networks + 1).tolist()), accuracy.tolist(), strict=True)))


def register(networks: np.ndarray, sizes: list[np.ndarray | None]) -> tuple[Choice, ...]:
    """Make the operations of `networks` layers of the product, each with its share of `sizes`; returns the choices."""
    n_choices = int(networks.max()) + 1
    shares = [additive(networks, n_choices, size) for size in sizes]
    for slot in range(networks.shape[1]):
        for number in range(n_choices):
            _COSTS[slot, number] = Cost(*(round(share[slot, number]) for share in shares))
    choices = tuple(Choice.of(f"operation{number}", number=number) for number in range(n_choices))
    LAYERS.update({choice.kind: __name__ for choice in choices})
    return choices


def additive(networks: np.ndarray, n_choices: int, size: np.ndarray | None) -> np.ndarray:
    """The share of each choice in each slot (slots, choices) whose sums come nearest to `size`; zeros without one."""
    n_slots = networks.shape[1]
    if size is None:
        return np.zeros((n_slots, n_choices))
    one_hot = np.eye(n_choices)[networks].reshape(len(networks), -1)
    shares: np.ndarray = np.linalg.lstsq(one_hot, size.astype(float), rcond=None)[0].reshape(n_slots, n_choices)
    return shares
