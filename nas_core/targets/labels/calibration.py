"""Probabilities that mean what they say: of what is said with 80 %, four in five are right.

Temperature scaling: Guo et al., "On calibration of modern neural networks", ICML 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.targets.labels.figures import EPSILON, calibration_error

RANGE = (0.25, 4.0)
LEAST_ROWS = 50


def fit(spec: dict[str, Any], truth: np.ndarray, output: np.ndarray) -> dict[str, Any]:
    """The ``temperature`` by which the logarithms of probabilities are divided, learned from ``n_rows``.

    It is 1, which changes nothing, unless the rows get a better log-loss by it than chance would explain.

    Args:
        spec: the target's transform.
        truth: codes (rows,) of rows that the network did not learn from.
        output: the network's probabilities (rows, classes).
    """
    from scipy.optimize import minimize_scalar

    weights = np.take(spec.get("weights", np.ones(len(spec["classes"]))), truth)

    def losses(log_temperature: float) -> np.ndarray:
        said = apply({"temperature": float(np.exp(log_temperature))}, output)
        return np.asarray(-weights * np.log(np.clip(said[np.arange(len(truth)), truth], EPSILON, 1.0)))

    found, temperature = minimize_scalar(lambda x: losses(x).mean(), bounds=np.log(RANGE), method="bounded").x, 1.0
    gains = losses(0.0) - losses(found)
    if len(truth) >= LEAST_ROWS and gains.mean() > gains.std() / len(truth) ** 0.5:
        temperature = float(np.exp(found))
    return {"temperature": temperature, "n_rows": len(truth)}


def apply(calibration: dict[str, Any], output: np.ndarray) -> np.ndarray:
    """The calibrated probabilities (rows, classes) of `output`."""
    logits = np.log(np.clip(np.asarray(output, np.float64), EPSILON, 1.0)) / calibration["temperature"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def build(calibration: dict[str, Any], x: Any) -> Any:
    """The same behind the Keras tensor `x`; `x` itself where it would change nothing."""
    import keras

    if calibration["temperature"] == 1:
        return x
    x = keras.ops.log(keras.ops.maximum(x, EPSILON))
    x = keras.layers.Rescaling(1 / calibration["temperature"], name="head_temperature")(x)
    return keras.layers.Softmax(name="head_calibrated")(x)


def figures(
    spec: dict[str, Any], calibration: dict[str, Any], truth: np.ndarray, outputs: tuple[np.ndarray, np.ndarray]
) -> dict[str, Any]:
    """What came of it: the expected calibration error ``before`` and ``after`` (`outputs` in this order)."""
    before, after = (calibration_error(truth, output) for output in outputs)
    return calibration | {"error_before": before, "error_after": after}


def describe(spec: dict[str, Any], found: dict[str, Any]) -> str:
    """The :func:`figures` in words, for the log."""
    return (
        f"Temperature {found['temperature']:.2f} (from {found['n_rows']:,} rows): expected calibration error "
        f"{found['error_before']:.3f} without, {found['error_after']:.3f} with it."
    )
