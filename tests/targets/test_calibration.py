"""Outputs corrected by rows that were not learned from: probabilities, and intervals of numbers."""

from __future__ import annotations

import numpy as np
import pytest

from nas_core.targets.labels import calibration as labels
from nas_core.targets.labels.figures import calibration_error, figures
from nas_core.targets.values import calibration as values
from nas_core.targets.values import encode
from nas_core.training.quiet import quiet_tensorflow

CLASSES = {"name": "y", "classes": ["a", "b", "c"], "positive": None}
NUMBERS = {"name": "y", "mean": 0.0, "std": 1.0}


def drawn(n: int, sharpness: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes drawn from probabilities, and probabilities that are too sure by a factor of `sharpness`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 3)) * 1.5
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    said = honest**sharpness / (honest**sharpness).sum(1, keepdims=True)
    return np.array([rng.choice(3, p=row) for row in honest]), said


@pytest.mark.parametrize("sharpness", [3.0, 0.5])
def test_a_temperature_makes_probabilities_honest(sharpness: float) -> None:
    found = labels.fit(CLASSES, *drawn(1500, sharpness, 0))
    assert found["temperature"] == pytest.approx(sharpness, rel=0.15)
    truth, said = drawn(3000, sharpness, 1)
    after = labels.apply(found, said)
    assert (after.argmax(1) == said.argmax(1)).all()
    assert figures(CLASSES, truth, after)["log_loss"] < figures(CLASSES, truth, said)["log_loss"]
    measured = labels.figures(CLASSES, found, truth, (said, after))
    assert measured["error_after"] == calibration_error(truth, after) < 0.4 * measured["error_before"]


def test_what_chance_explains_is_left_alone() -> None:
    assert labels.fit(CLASSES, *drawn(400, 1.0, 0))["temperature"] == 1
    assert labels.fit(CLASSES, *drawn(20, 3.0, 0))["temperature"] == 1


def test_the_graph_gives_what_numpy_gives() -> None:
    quiet_tensorflow()
    import keras

    x, (_, said) = keras.Input((3,)), drawn(200, 2.0, 0)
    said[0] = [1, 0, 0]
    calibration = {"temperature": 1.7}
    model = keras.Model(x, labels.build(calibration, x))
    np.testing.assert_allclose(model.predict(said, verbose=0), labels.apply(calibration, said), atol=1e-6)
    assert labels.build({"temperature": 1}, x) is x


def test_intervals_hold_as_many_rows_as_they_say() -> None:
    rng = np.random.default_rng(0)

    def rows(n: int) -> tuple[np.ndarray, np.ndarray]:
        prediction = rng.normal(size=(n, 1))
        return prediction[:, 0] + rng.standard_t(3, n), prediction

    held = []
    for _ in range(200):
        calibration = values.fit(NUMBERS, *rows(60))
        truth, prediction = rows(200)
        held.append(values.figures(NUMBERS, calibration, truth, (prediction, prediction))["coverage"])
    assert np.mean(held) == pytest.approx(55 / 61, abs=0.01)  # the 55th of 60 distances, whatever the errors are
    said = encode.decode(NUMBERS, prediction, calibration)
    np.testing.assert_allclose(said["prediction_high"] - said["prediction_low"], 2 * calibration["margin"])


def test_too_few_rows_give_no_interval() -> None:
    calibration = values.fit(NUMBERS, np.arange(8.0), np.zeros((8, 1)))
    assert calibration["margin"] is None
    assert list(encode.decode(NUMBERS, np.zeros((2, 1)), calibration)) == ["prediction"]
    assert values.figures(NUMBERS, calibration, np.zeros(2), (np.zeros((2, 1)),) * 2)["coverage"] is None
    assert "too few" in values.describe(NUMBERS, calibration)
