"""A linear model of a table as a network without a layer between stem and head: its weights from the model's."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.inputs.tabular import stem
from nas_core.inputs.tabular.columns import one_hot
from nas_core.inputs.tabular.transform import shape


def features(transform: dict[str, Any], inputs: dict[str, np.ndarray]) -> Any:
    """What of the stem needs no learning, numbers and their waves, and one-hot categories: sparse (rows, features)."""
    numbers, _, codes = stem.fixed(transform, inputs)
    return one_hot(transform, numbers, codes)


def weights(transform: dict[str, Any], kernel: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The stem's weights as ``<layer>/<index>`` and the head's matrix that do what `kernel` does to the features.

    A category's vector is as short as in any network: where it cannot hold a number an output, it holds what comes
    nearest to that (the largest singular values).

    Args:
        transform: the input's.
        kernel: (features, outputs).
    """
    learned, tables = {}, stem.tables(transform)
    n_numbers = len(kernel) - sum(n_codes for _, n_codes, _ in tables)
    head, behind = [kernel[:n_numbers]], n_numbers
    for name, n_codes, width in tables:
        left, values, right = np.linalg.svd(kernel[behind : behind + n_codes], full_matrices=False)
        table, rows = np.zeros((n_codes, width)), np.zeros((width, kernel.shape[1]))
        n = min(width, len(values))
        table[:, :n], rows[:n] = left[:, :n] * values[:n], right[:n]
        learned[f"{name}/0"] = table
        head.append(rows)
        behind += n_codes
    (width,) = shape(transform)
    unused = np.zeros((width - sum(map(len, head)), kernel.shape[1]))  # of the bins, which are behind the numbers
    return learned, np.concatenate([head[0], unused, *head[1:]])
