from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from nas_core.data.prepared import Prepared
from nas_core.export import agreement
from nas_core.inputs.tabular import edge
from nas_core.inputs.tabular.transform import MISSING, UNSEEN
from nas_core.runs.run import Run


def test_edge_rows_begin_with_nothing_at_all_and_with_words_never_seen() -> None:
    raw = pa.table({"x": [1.5, 2.5, 3.5] * 50, "colour": ["red", None, "blue"] * 50, "on": [True, False, None] * 50})
    rows = edge.edge_rows(raw)
    assert rows.num_rows == 152
    assert rows.slice(0, 1).to_pylist() == [{"x": None, "colour": None, "on": None}]
    assert set(rows.slice(1, 1).to_pylist()[0].values()) == {edge.UNSEEN}
    assert 30 < sum(value == edge.UNSEEN for value in rows["x"].to_pylist()) < 70
    assert 30 < rows["x"].null_count < 70


def test_test_rows_are_compared_and_holes_and_words_never_seen(trained_runs: Callable[[str], Run]) -> None:
    prepared = Prepared(trained_runs("tabular_classification"))
    inputs = agreement.compared_inputs(prepared, agreement.raw_rows(prepared.run, prepared))
    test = prepared.split("test").inputs
    for name, array in inputs.items():
        assert len(array) == 2 * len(test[name]) + 2
        assert np.array_equal(array[: len(test[name])], test[name])
    codes = inputs["categorical"][len(test["categorical"]) :]
    assert (codes[0] == MISSING).all() and (codes[1] == UNSEEN).all()


def test_differences_are_measured_in_the_targets_unit() -> None:
    assert agreement.difference(np.array([[3.0]]), np.array([[1.0]]), agreement.unit_of({"std": 4.0})) == 0.5
    assert agreement.difference(np.array([[0.3]]), np.array([[0.2]]), agreement.unit_of({})) == pytest.approx(0.1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_never_agrees(bad: float) -> None:
    assert not agreement.difference(np.array([0.5, bad]), np.array([0.5, 0.5]), 1.0) <= agreement.LIMIT


def test_predictions_are_compared_by_probability_or_by_number() -> None:
    measured = pa.table({"truth": ["a", "b"], "prediction": ["a", "b"], "p_a": [0.9, 0.2], "p_b": [0.1, 0.8]})
    found = pa.table({"prediction": ["a", "a"], "p_b": [0.1, 0.5], "p_a": [0.9, 0.5]})
    assert agreement.predictions_difference(found, measured, 1.0) == pytest.approx(0.3)
    numbers = pa.table({"truth": [1.0], "prediction": [3.0]})
    assert agreement.predictions_difference(pa.table({"prediction": [5.0]}), numbers, 4.0) == 0.5


def test_other_rows_or_classes_are_no_agreement() -> None:
    measured = pa.table({"prediction": ["a"], "p_a": [1.0]})
    for found in (pa.table({"prediction": ["b"], "p_b": [1.0]}), pa.table({"prediction": ["a"] * 2, "p_a": [1.0] * 2})):
        with pytest.raises(ValueError, match="not 1 rows"):
            agreement.predictions_difference(found, measured, 1.0)


def test_speed_counts_rows() -> None:
    speed = agreement.speed(lambda inputs: inputs["x"], {"x": np.zeros((20_000, 3))})
    assert speed["latency_ms"] > 0 and speed["rows_per_second"] > 20_000
