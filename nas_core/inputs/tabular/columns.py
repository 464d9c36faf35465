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
    from scipy.sparse import csr_matrix, hstack

    numeric, categorical = transform["numeric"], transform["categorical"]
    scaled = (np.asarray(inputs["numeric"], np.float64) - numeric["center"]) / numeric["scale"]
    blocks = [csr_matrix(np.clip(scaled, -CLIP, CLIP))]
    for index, cardinality in enumerate(categorical["cardinalities"]):
        codes = np.asarray(inputs["categorical"][:, index])
        ones = np.ones(len(codes)), (np.arange(len(codes)), codes)
        blocks.append(csr_matrix(ones, shape=(len(codes), cardinality)))
    return hstack(blocks).tocsr()
