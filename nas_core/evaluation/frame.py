"""What all networks of a bank have in common: the rows, and the stem and the head between which they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nas_core.data.folds import Fold
from nas_core.data.prepared import Prepared, Split
from nas_core.tasks.registry import load_part
from nas_core.training.feed import COPIED_BYTES, n_bytes
from nas_core.training.fit import count_passes, default_batch_size
from nas_core.training.model import ends
from nas_core.training.pace import Plan

# Entries of the stem's matrix in the compiled programs; beyond, their one-hot vectors cost more than Keras does. On a
# core, where embeddings are looked up, it only keeps both ways to the same tables.
MAX_TABLES = 2**18

Table = tuple[str, int, int]  # an embedding of the stem: name of the Keras layer, codes, width


class Bins(NamedTuple):
    """The embedding of numbers in the stem: name of the Keras layer, and (columns, bins, width)."""

    name: str
    shape: tuple[int, int, int]


class Rows(NamedTuple):
    """The data: `numbers` (rows, numbers), `positions` among the bins (rows, columns with bins), `codes` (rows,
    columns), `target` (rows,).
    """

    numbers: Any
    positions: Any
    codes: Any
    target: Any


@dataclass(frozen=True)
class Frame:
    """The stem (`bins`, `tables`, `width` of its vector), the `head` (a module) with the `target`'s facts and its
    `n_outputs`, how networks are fitted, and which of the rows each fold learns from (`train`) and is judged by.
    """

    bins: Bins
    tables: list[Table]
    width: int
    head: Any
    target: dict[str, Any]
    n_outputs: int
    plan: Plan
    rows: Rows
    train: list[np.ndarray]
    valid: list[np.ndarray]

    @property
    def n_rows(self) -> int:
        """From how many a fold learns, at most."""
        return max(map(len, self.train))

    @property
    def batch_size(self) -> int:
        """Rows of a step."""
        return self.plan.batch_size or default_batch_size(self.n_rows)

    @property
    def n_passes(self) -> int:
        """Epochs between two validations."""
        return count_passes(self.plan, self.n_rows)


def make_frame(data: Prepared, folds: Sequence[Fold], plan: Plan) -> Frame | None:
    """The frame of the networks of `data`; None where they, the stem or the head are nothing for a bank."""
    task = data.schema["task"]
    stem, head = load_part(task, "input", "stem"), load_part(task, "target", "head")
    transform, target = data.transforms["input"], data.transforms["target"]
    trunk = ends(data.transforms)
    if not hasattr(stem, "tables") or not hasattr(head, "output") or len(trunk.shape) != 1:
        return None
    tables = stem.tables(transform)
    # Of several folds each learns from the rows that judge in the others; one has rows of its own.
    learned = [folds[0].train] if len(folds) == 1 else []
    parts = [*learned, *(fold.valid for fold in folds)]
    entries = sum(n for _, n, _ in tables) * sum(width for *_, width in tables)
    if entries > MAX_TABLES or sum(map(n_bytes, parts)) > COPIED_BYTES:
        return None
    number = np.repeat(np.arange(len(parts)) - len(learned), [len(part) for part in parts])
    return Frame(
        bins=Bins(*stem.bins(transform)),
        tables=tables,
        width=trunk.shape[0],
        head=head,
        target=target,
        n_outputs=trunk.output[0],
        plan=plan,
        rows=_read(stem, transform, parts),
        train=[np.flatnonzero(number != fold) for fold in range(len(folds))],
        valid=[np.flatnonzero(number == fold) for fold in range(len(folds))],
    )


def _read(stem: Any, transform: dict[str, Any], parts: Sequence[Split]) -> Rows:
    read = [stem.fixed(transform, part.inputs) for part in parts]
    numbers, positions, codes = (np.concatenate(arrays) for arrays in zip(*read, strict=True))
    target = np.concatenate([part.target for part in parts])
    numbers, positions = (np.ascontiguousarray(each, np.float32) for each in (numbers, positions))  # gathered by row
    return Rows(numbers, positions, codes.astype(np.int32), target)
