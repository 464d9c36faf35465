"""Numbers without a network: the mean of the training rows, and linear regression with a small ridge."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.targets.values.scale import scaled, unscaled

CONSTANT = "mean"


def constant(spec: dict[str, Any], truth: np.ndarray, n_rows: int) -> np.ndarray:
    """The mean of `truth` for each of `n_rows` rows: (rows, 1)."""
    return np.full((n_rows, 1), truth.mean(dtype=np.float64))


def linear(spec: dict[str, Any], features: Any, truth: np.ndarray, test_features: Any) -> np.ndarray:
    """Predictions (rows, 1) of a ridge regression."""
    kernel, bias = fit_linear(spec, features, truth)
    return np.asarray(unscaled(spec, test_features @ kernel + bias, np))


def fit_linear(spec: dict[str, Any], features: Any, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Matrix (features, 1) and bias of a ridge regression (α = 1) on the scale of the network."""
    from sklearn.linear_model import Ridge

    model = Ridge(1.0).fit(features, scaled(spec, np.asarray(truth, np.float64), np))
    return model.coef_.reshape(-1, 1), np.array([model.intercept_])
