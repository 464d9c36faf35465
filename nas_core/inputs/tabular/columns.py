"""What a raw column became: its places in the arrays, and the features that a linear model takes."""

from __future__ import annotations

from typing import Any

import numpy as np

CLIP = 10.0  # standard deviations; a linear model has no other defence against outliers


def places(transform: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """For each raw column the columns of the arrays that it fills, as (input, index)."""
    numeric = {name: index for index, name in enumerate(transform["numeric"]["names"])}
    categorical = {name: index for index, name in enumerate(transform["categorical"]["names"])}
    found: dict[str, list[tuple[str, int]]] = {}
    for entry in transform["columns"]:
        if entry["type"] == "categorical":
            found[entry["name"]] = [("categorical", categorical[entry["name"]])]
        else:
            names = [*entry["numbers"], *([entry["indicator"]] if entry["indicator"] else [])]
            found[entry["name"]] = [("numeric", numeric[name]) for name in names]
    return found


def linear_features(transform: dict[str, Any], inputs: dict[str, np.ndarray]) -> Any:
    """Scaled numbers and one-hot categories as a sparse matrix (rows, features)."""
    numeric = transform["numeric"]
    scaled = (np.asarray(inputs["numeric"], np.float64) - numeric["center"]) / numeric["scale"]
    return one_hot(transform, np.clip(scaled, -CLIP, CLIP), inputs["categorical"])


def one_hot(transform: dict[str, Any], numbers: np.ndarray, codes: np.ndarray) -> Any:
    """`numbers`, and a column for each code of each category: a sparse matrix (rows, features)."""
    from scipy.sparse import csr_matrix, hstack

    blocks = [csr_matrix(numbers)]
    for index, cardinality in enumerate(transform["categorical"]["cardinalities"]):
        own = np.asarray(codes[:, index])
        ones = np.ones(len(own)), (np.arange(len(own)), own)
        blocks.append(csr_matrix(ones, shape=(len(own), cardinality)))
    return hstack(blocks).tocsr()
