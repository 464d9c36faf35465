"""Classes without a network: the frequencies of the training rows, and logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np

CONSTANT = "majority"
NEVER = -30.0  # what a class without a row gets in place of a logarithm of 0


def constant(spec: dict[str, Any], truth: np.ndarray, n_rows: int) -> np.ndarray:
    """The class frequencies of `truth` for each of `n_rows` rows; so the most frequent class is predicted."""
    counts = np.bincount(truth, minlength=len(spec["classes"]))
    return np.tile(counts / counts.sum(), (n_rows, 1))


def linear(spec: dict[str, Any], features: Any, truth: np.ndarray, test_features: Any) -> np.ndarray:
    """Probabilities (rows, classes) of a logistic regression."""
    from scipy.special import softmax

    kernel, bias = fit_linear(spec, features, truth)
    probabilities: np.ndarray = softmax(test_features @ kernel + bias, axis=1)
    return probabilities


def fit_linear(spec: dict[str, Any], features: Any, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix (features, classes) and bias of a logistic regression (C = 1), whose probabilities are their softmax."""
    from sklearn.linear_model import LogisticRegression

    n_classes = len(spec["classes"])
    kernel, bias = np.zeros((features.shape[1], n_classes)), np.full(n_classes, NEVER)
    seen = np.unique(truth)
    if len(seen) < 2:  # nothing to tell apart
        bias[seen] = 0.0
        return kernel, bias
    model = LogisticRegression(max_iter=300).fit(features, truth)
    own, shift = (model.coef_, model.intercept_) if len(seen) > 2 else (_both(model.coef_), _both(model.intercept_))
    kernel[:, seen], bias[seen] = own.T, shift
    return kernel, bias


def _both(second: np.ndarray) -> np.ndarray:
    """Of two classes scikit-learn says what speaks for the second."""
    return np.concatenate([-second, second]) / 2
