"""Which row goes into which part: by seed, classes in proportion, groups together; or in time."""

from __future__ import annotations

import numpy as np

TRAIN, VALID, TEST = 0, 1, 2
LEFT_OUT = -1
LEAST_A_CLASS = 2  # rows of a class in each part
CAREFUL_GROUPS = 5_000


def split_rows(
    n_rows: int,
    shares: tuple[float, float],
    seed: int,
    *,
    strata: np.ndarray | None = None,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """The part of each row, int8: 0 train, 1 valid, 2 test.

    Args:
        n_rows: number of rows.
        shares: of validation and of test among the rows; 0 for a part that is not wanted.
        seed: equal seeds give equal parts.
        strata: codes from 0 whose proportions each part keeps, with at least two rows of each code where there are six.
        groups: codes from 0; rows of one group stay together. Parts are then as near to their shares as groups allow.
    """
    rng = np.random.default_rng(seed)
    codes = np.zeros(n_rows, np.int64) if strata is None else strata.astype(np.int64)
    if groups is not None:
        return _split_groups(groups, codes, shares, rng)
    least = 1 if strata is None else LEAST_A_CLASS
    parts = np.zeros(n_rows, np.int8)
    order = rng.permutation(n_rows)
    order = order[np.argsort(codes[order], kind="stable")]
    for rows in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
        n_valid, n_test = (_n_part(len(rows), share, least) for share in shares)
        parts[rows[:n_valid]] = VALID
        parts[rows[n_valid : n_valid + n_test]] = TEST
    return parts


def _n_part(n_rows: int, share: float, least: int) -> int:
    """Rows of `n_rows` for a part with `share`: rounded, at least `least` where two thirds stay for the others."""
    if not share:
        return 0
    return max(round(n_rows * share), min(least, n_rows // 3))


def split_in_time(moments: np.ndarray, shares: tuple[float, float]) -> np.ndarray | None:
    """The part of each row when the last rows test, those before validate and the first ones train.

    Args:
        moments: when each row was, any numbers; rows without one (NaN) train.
        shares: of validation and of test among the rows; 0 for a part that is not wanted.

    Returns:
        int8 (rows,), rows of one moment in one part; None when a part would have less than half of its share.
    """
    values, counts = np.unique(moments[np.isfinite(moments)], return_counts=True)
    if not len(values):
        return None
    n_from = np.cumsum(counts[::-1])[::-1]  # rows at each moment or after it
    n, (valid, test) = len(moments), shares
    parts = np.zeros(n, np.int8)
    for part, share in ((VALID, valid + test), (TEST, test)):
        if share:
            parts[moments >= values[np.abs(n_from - n * share).argmin()]] = part
    wanted = n * np.array([1 - valid - test, valid, test])
    return parts if (np.bincount(parts, minlength=3) >= 0.5 * wanted).all() else None


def keep_alike_together(parts: np.ndarray, first: np.ndarray) -> np.ndarray | None:
    """`parts` with each row where the `first` row equal to it is; None when that would spoil the shares."""
    joined = np.where(parts == LEFT_OUT, LEFT_OUT, parts[first]).astype(np.int8)
    before, after = (np.bincount(p[p != LEFT_OUT], minlength=3) for p in (parts, joined))
    return joined if (after >= 0.5 * before).all() else None


def _split_groups(
    groups: np.ndarray, codes: np.ndarray, shares: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Deal out the large groups with care and the many small ones, if any, by chance, which spreads them well."""
    part_shares = np.array([1 - sum(shares), *shares])
    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    large = order[np.argsort(-sizes[order], kind="stable")][:CAREFUL_GROUPS]
    parts = rng.choice(3, size=len(sizes), p=part_shares).astype(np.int8)
    places = np.full(len(sizes), -1)
    places[large] = np.arange(len(large))
    is_large = places[groups] >= 0
    counts = np.zeros((len(large), int(codes.max()) + 1))
    np.add.at(counts, (places[groups[is_large]], codes[is_large]), 1)
    parts[large] = _deal(counts, part_shares)
    return np.asarray(parts[groups])


def _deal(counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Give group after group (rows by class) to the part that lacks most of what the group has; none stays empty."""
    lacking = shares[:, None] * counts.sum(axis=0)
    weight = 1 / np.maximum(counts.sum(axis=0), 1)
    empty = set(np.flatnonzero(shares).tolist())
    used = sorted(empty)
    parts = np.zeros(len(counts), np.int8)
    for group, rows in enumerate(counts):
        choice = sorted(empty) if len(counts) - group <= len(empty) else used
        parts[group] = choice[int(np.argmax((lacking[choice] * weight) @ rows))]
        lacking[parts[group]] -= rows
        empty.discard(int(parts[group]))
    return parts
