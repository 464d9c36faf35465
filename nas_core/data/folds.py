"""Which rows a network learns from and which judge it: one fixed part, or, where rows are few, each row once.

The best of many networks on a few dozen rows is best by luck. Cross-validation (Stone, JRSS B 1974) judges with all
rows: a network is trained once a fold, on the rows outside of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nas_core.data.prepared import Prepared, Split

FEW_ROWS = 2_000  # for training and validation together; fewer are cross-validated
N_FOLDS = 5
ASIDE = 5  # of so many validation rows one is set aside
MOST_ASIDE = 2_000


@dataclass(frozen=True)
class Fold:
    """The rows to learn from, and those that judge."""

    train: Split
    valid: Split


def count_folds(data: Prepared, wanted: int) -> int:
    """How many folds `data` is judged by: `wanted`, or, where that is 0, by the number of rows.

    Rows that prepare did not split by chance (by group, or in time) stay in the parts that it gave them: one fold.
    """
    if data.schema.get("split", "random") != "random":
        return 1
    n = data.schema["n_rows"]
    return wanted or (N_FOLDS if n["train"] + n["valid"] < FEW_ROWS else 1)


def count_judges(data: Prepared, n_folds: int) -> int:
    """The number of rows that judge a network."""
    n = data.schema["n_rows"]
    return int(n["valid"] - _count_aside(n["valid"]) if n_folds == 1 else n["train"] + n["valid"])


def set_aside(data: Prepared) -> Split:
    """Validation rows that no fold has where there is one only: nothing is chosen by them.

    What the network says of them tells how far it can be trusted.
    """
    valid = data.split("valid")
    return take(valid, _is_aside(len(valid)))


def _is_aside(n_valid: int) -> np.ndarray:
    chosen = np.zeros(n_valid, bool)
    chosen[np.random.default_rng(0).permutation(n_valid)[: _count_aside(n_valid)]] = True
    return chosen


def _count_aside(n_valid: int) -> int:
    return min(n_valid // ASIDE, MOST_ASIDE)


def make_folds(data: Prepared, n: int) -> list[Fold]:
    """The parts that prepare made without the rows :func:`set_aside` (`n` is 1), or `n` folds of both together.

    The target is spread evenly over the folds.
    """
    train, valid = data.split("train"), data.split("valid")
    if n == 1:
        return [Fold(train, take(valid, ~_is_aside(len(valid))))]
    rows = Split(
        {name: np.concatenate([array, valid.inputs[name]]) for name, array in train.inputs.items()},
        np.concatenate([train.target, valid.target]),
    )
    number = deal(rows.target, n)
    return [Fold(take(rows, number != fold), take(rows, number == fold)) for fold in range(n)]


def deal(target: np.ndarray, n: int) -> np.ndarray:
    """The fold of each row, (rows,): every `n` rows that follow each other by target value go into different ones."""
    rng = np.random.default_rng(0)
    order = np.lexsort((rng.random(len(target)), target))
    number = np.empty(len(target), int)
    number[order] = rng.permuted(np.tile(np.arange(n), (-(-len(target) // n), 1)), axis=1).ravel()[: len(target)]
    return number


def take(rows: Split, chosen: np.ndarray) -> Split:
    """The `chosen` (mask or indices) of `rows`."""
    return Split({name: array[chosen] for name, array in rows.inputs.items()}, rows.target[chosen])


def thin(rows: Split, share: float) -> Split:
    """A random `share` of `rows`, in their order; all of them from 1 on."""
    n = max(1, round(share * len(rows)))
    return take(rows, np.sort(np.random.default_rng(0).permutation(len(rows))[:n]))
