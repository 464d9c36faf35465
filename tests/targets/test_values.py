from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from nas_core.errors import CandidateError
from nas_core.targets.values import encode, figures


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
