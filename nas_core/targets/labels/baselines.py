"""Classes without a network: the frequencies of the training rows, and logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np

CONSTANT = "majority"


def constant(spec: dict[str, Any], truth: np.ndarray, n_rows: int) -> np.ndarray:
    """The class frequencies of `truth` for each of `n_rows` rows; so the most frequent class is predicted."""
    counts = np.bincount(truth, minlength=len(spec["classes"]))
    return np.tile(counts / counts.sum(), (n_rows, 1))


def linear(spec: dict[str, Any], features: Any, truth: np.ndarray, test_features: Any) -> np.ndarray:
    """Probabilities (rows, classes) of a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=300).fit(features, truth)
    output = np.zeros((test_features.shape[0], len(spec["classes"])))
    output[:, model.classes_] = model.predict_proba(test_features)
    return output
