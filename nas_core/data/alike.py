"""Which rows are equal, in 8 bytes a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from nas_core.data import cells

_MASK = (1 << 64) - 1


def mixed(numbers: np.ndarray) -> np.ndarray:
    """SplitMix64 (Steele, Lea and Flood, 2014): a pseudo-random uint64 for each uint64."""
    z = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def columns_to_hash(batch: pa.RecordBatch) -> list[str]:
    """The columns in which rows may be equal, by the first batch of a table.

    Columns of words or whole numbers that never recur in it name the rows; with them no row would equal another.
    """
    return [name for name in batch.schema.names if not _names_rows(batch.column(name))]


class RowHashes:
    """A hash of each row over the columns `names`, in any order: 8 bytes a row are kept.

    A number has one hash however it is written. Words have one where Python's own are equal: in one process, or in
    several with one ``PYTHONHASHSEED``. `alike` says in words what rows of one hash have in common.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.alike = "equal an earlier row in all columns that do not number the rows"
        self._hashes: list[np.ndarray] = []

    @classmethod
    def of_looks(cls, looks: np.ndarray) -> RowHashes:
        """Those of pictures: `looks` (uint64) are the same for pictures that look alike."""
        hashes = cls(())
        hashes.alike, hashes._hashes = "look like an earlier one", [looks]
        return hashes

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in one batch."""
        total = np.zeros(batch.num_rows, np.uint64)
        for name in self.names:
            if name in batch.schema.names:
                salt = np.uint64(hash(name) & _MASK)
                total += mixed(_cell_hashes(batch.column(name)) ^ salt)
        self._hashes.append(total)

    def merge(self, other: RowHashes) -> None:
        """Take in the rows that follow."""
        self._hashes += other._hashes

    def all(self) -> np.ndarray:
        """The hashes of all rows, uint64."""
        return np.concatenate(self._hashes) if self._hashes else np.zeros(0, np.uint64)


def _names_rows(column: pa.Array) -> bool:
    if cells.is_nested(column.type) or len(column) < 20 or types.is_floating(column.type):
        return False
    different, _ = cells.coded(column)
    if len(different) < len(column):
        return False
    numbers = cells.numbers(different)
    is_measured = (numbers != np.rint(numbers)).mean() > 0.5 and not np.isnan(numbers).all()
    return not is_measured


def _cell_hashes(column: pa.Array) -> np.ndarray:
    if cells.is_nested(column.type):
        return np.zeros(len(column), np.uint64)
    if types.is_integer(column.type) or types.is_floating(column.type):
        return _bits(cells.numbers(column))
    different, places = cells.coded(column)
    texts = cells.texts(different)
    numbers = cells.numbers(texts)
    hashes = _bits(np.append(numbers, np.nan))
    is_word = np.flatnonzero(np.isnan(numbers) & texts.is_valid().to_numpy(zero_copy_only=False))
    if len(is_word):
        words = cells.words(texts.take(pa.array(is_word))).to_pylist()
        hashes[is_word] = np.array([hash(word) & _MASK for word in words], np.uint64)
    return np.asarray(hashes.take(places))


def _bits(numbers: np.ndarray) -> np.ndarray:
    return np.asarray((numbers + 0.0).view(np.uint64))  # no -0.0


def first_alike(hashes: np.ndarray) -> np.ndarray:
    """For each row the number of the first row with the same hash, int64.

    As `np.unique` with its inverse would give it, in half of that one's memory.
    """
    order = np.argsort(hashes, kind="stable")
    is_new = np.ones(len(hashes), bool)
    in_order = hashes[order]
    np.not_equal(in_order[1:], in_order[:-1], out=is_new[1:])
    del in_order
    begins = np.flatnonzero(is_new)
    first = np.empty(len(hashes), np.int64)
    first[order] = np.repeat(order[begins], np.diff(begins, append=len(hashes)))
    return first


def count_alike(known: np.ndarray, hashes: np.ndarray) -> int:
    """How many of `hashes` occur among `known`."""
    return int(pc.sum(pc.is_in(pa.array(hashes), pa.array(np.unique(known)))).as_py() or 0)
