from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from nas_core.errors import CandidateError
from nas_core.targets.settings import TargetSettings
from nas_core.targets.values import encode, figures, formulas, scale
from nas_core.training.quiet import quiet_tensorflow


def test_encode_and_decode() -> None:
    column = pa.array(["1", "3", "", "abc"])
    spec = encode.fit("y", column)
    assert spec == {"name": "y", "mean": 2.0, "std": 1.0, "min": 1.0, "max": 3.0}
    values = encode.encode(spec, column)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, [1, 3, np.nan, np.nan])
    assert encode.is_known(values).tolist() == [True, True, False, False]
    assert encode.decode(spec, np.array([[1.5], [2.5]]))["prediction"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize("column", [["5", "5"], ["", ""]])
def test_a_column_without_spread_still_has_a_unit(column: list[str]) -> None:
    assert encode.fit("y", pa.array(column))["std"] == 1


def test_figures_and_scores() -> None:
    spec = {"name": "y", "mean": 0.0, "std": 10.0, "min": -20.0, "max": 20.0}
    truth = np.array([0, 10, 20], np.float32)
    found = figures.figures(spec, truth, np.array([[0.0], [13.0], [16.0]]))
    assert found == pytest.approx({"rmse": (25 / 3) ** 0.5, "mae": 7 / 3, "r2": 1 - 25 / 200})
    assert figures.score(spec, "rmse", found) == pytest.approx(-((25 / 3) ** 0.5) / 10)
    assert figures.score(spec, "r2", found) == found["r2"]


def test_figures_of_a_constant_truth_are_finite() -> None:
    spec = {"name": "y", "mean": 0.0, "std": 2.0, "min": 0.0, "max": 5.0}
    assert figures.figures(spec, np.array([1.0, 1.0]), np.array([[1.0], [3.0]]))["r2"] == pytest.approx(0.5)


def test_an_output_that_is_not_finite_is_the_candidates_failure() -> None:
    with pytest.raises(CandidateError, match="not finite"):
        figures.figures({"std": 1.0}, np.array([1.0]), np.array([[np.inf]]))


def test_details() -> None:
    truth = np.linspace(0, 1, 2000)
    found = json.loads(json.dumps(figures.details({}, truth, truth[:, None] + 0.5)))
    assert found["residuals"]["quantiles"]["0.5"] == pytest.approx(0.5)
    assert sum(found["residuals"]["histogram"]["counts"]) == 2000
    assert len(found["points"]["truth"]) == len(found["points"]["prediction"]) == 500
    assert len(figures.details({}, truth[:7], truth[:7, None])["points"]["truth"]) == 7


SKEWED = np.random.default_rng(0).lognormal(2, 1.2, 2000)


def test_only_what_a_logarithm_straightens_is_learned_as_one() -> None:
    assert scale.fit(SKEWED, "auto") is not None
    assert scale.fit(np.append(SKEWED, 0), "auto") is not None  # shifted, so that 0 has a logarithm
    assert scale.fit(-SKEWED, "log") is None
    assert scale.fit(SKEWED, "linear") is None
    rng = np.random.default_rng(0)
    for plain in (rng.normal(size=2000), rng.normal(50, 5, 2000), rng.exponential(size=2000), SKEWED[:20], np.ones(99)):
        assert scale.fit(plain, "auto") is None
    assert scale.fit(rng.exponential(size=2000), "log") is not None


@pytest.mark.parametrize("zeros", [0, 300])
def test_a_scale_is_undone_by_its_inverse_in_numpy_keras_and_a_spreadsheet(zeros: int) -> None:
    quiet_tensorflow()
    from keras import ops

    numbers = np.append(SKEWED, np.zeros(zeros))
    spec = encode.fit("y", pa.array(numbers), TargetSettings(target_scale="log"))
    x = scale.scaled(spec, numbers, np)
    assert (x.mean(), x.std()) == pytest.approx((0, 1), abs=1e-6)
    np.testing.assert_allclose(scale.unscaled(spec, x, np), numbers, rtol=1e-9, atol=1e-9)
    single = numbers.astype(np.float32)
    np.testing.assert_allclose(
        scale.unscaled(spec, scale.scaled(spec, single, ops), ops), numbers, rtol=1e-4, atol=1e-4
    )
    assert np.isfinite(scale.unscaled(spec, np.array([1e9, -1e9]), np)).all()
    (formula,) = formulas.head(spec, ["x"])
    names = {"x": float(x[0]), "EXP": np.exp, "MAX": max, "MIN": min}
    assert eval(formula, names) == pytest.approx(numbers[0])


def test_intervals_of_a_logarithmic_scale_grow_with_the_prediction() -> None:
    spec = encode.fit("y", pa.array(SKEWED), TargetSettings(target_scale="log"))
    said = encode.decode(spec, np.array([[1.0], [100.0]]), {"margin": 0.5})
    low, high = said["prediction_low"], said["prediction_high"]
    assert (low > 0).all()
    np.testing.assert_allclose(high / low, np.exp(2 * 0.5 * spec["log"]["std"]))


def test_a_row_is_as_wrong_as_it_is_far_from_the_truth():
    np.testing.assert_allclose(
        figures.wrongness(np.array([1.0, 2.0, 3.0]), np.array([[1.5], [2.0], [-1.0]])), [0.5, 0, 4]
    )
