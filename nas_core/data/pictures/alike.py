"""Which pictures look alike: the same one saved anew, smaller, or a little darker.

A picture is reduced to a small grey square. Two are alike when their squares hardly differ; who is compared with whom
is found by the pattern of each line of it, from left to right brighter or darker (a difference hash).
"""

from __future__ import annotations

import numpy as np

SIDE = 16  # of the square
STEP = 6  # grey levels by which a neighbour is brighter; less is noise
NEAR = 2.0  # grey levels by which two squares may differ in the mean
WINDOW = 6  # neighbours with the same line that are looked at


def first_alike(squares: np.ndarray) -> np.ndarray:
    """For each picture the number of the first one that it looks like, itself if there is none: int64 (n,).

    Args:
        squares: uint8 (n, SIDE, SIDE).
    """
    n = len(squares)
    _, first, place = np.unique(squares.reshape(n, -1), axis=0, return_index=True, return_inverse=True)
    group = np.arange(len(first))
    for left, right in _near(squares[first]):
        _join(group, left, right)
    while (group != group[group]).any():
        group = group[group]
    earliest = np.full(len(first), n)
    np.minimum.at(earliest, group, first)
    return np.asarray(earliest[group][place.reshape(-1)])


def _near(squares: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of distinct squares that are alike."""
    wide = squares.astype(np.int16)
    brighter = np.packbits(np.diff(wide, axis=2) > STEP, axis=2).astype(np.uint16)  # of each line 15 bits
    lines = brighter[..., 0] << 8 | brighter[..., 1]
    pairs = []
    for line in range(SIDE):
        order = np.lexsort((*(lines[:, other] for other in range(SIDE) if other != line), lines[:, line]))
        for distance in range(1, WINDOW + 1):
            left, right = order[:-distance], order[distance:]
            is_same = lines[left, line] == lines[right, line]
            left, right = left[is_same], right[is_same]
            apart = np.abs(wide[left] - wide[right]).mean(axis=(1, 2))
            pairs += list(zip(left[apart <= NEAR].tolist(), right[apart <= NEAR].tolist(), strict=True))
    return pairs


def _join(group: np.ndarray, left: int, right: int) -> None:
    """Put both into the group of the smaller number (union-find with halved paths)."""
    roots = []
    for member in (left, right):
        root = member
        while group[root] != root:
            group[root] = group[group[root]]
            root = group[root]
        roots.append(root)
    group[max(roots)] = min(roots)
