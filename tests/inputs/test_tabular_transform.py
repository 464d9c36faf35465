from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nas_core.errors import JobError
from nas_core.inputs.tabular.bins import embedded
from nas_core.inputs.tabular.transform import MAX_CATEGORIES, apply, embedding_width, fit, shape

N = 200
COLUMNS: list[dict[str, Any]] = [
    {"name": "age", "type": "numeric"},
    {"name": "city", "type": "categorical"},
    {"name": "member", "type": "boolean"},
    {"name": "seen", "type": "date", "form": "year-month-day"},
]


def rows() -> dict[str, list[str]]:
    return {
        "age": ["" if i % 10 == 0 else str(20 + i % 41) for i in range(N)],
        "city": ["Rome" if i % 2 else "Oslo" if i > 3 else "" for i in range(N - 1)] + ["Lima"],
        "member": ["yes" if i % 4 == 0 else "no" for i in range(N)],
        "seen": [f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(N)],
    }


@pytest.fixture
def transform() -> dict[str, Any]:
    return json.loads(json.dumps(fit(COLUMNS, pa.table(rows()))))


def test_names_and_shapes(transform: dict[str, Any]) -> None:
    names = ["age", "member", "seen (days)", "seen (month)", "seen (weekday)", "age is missing"]
    assert transform["numeric"]["names"] == names
    assert transform["categorical"] == {"names": ["city"], "cardinalities": [4]}
    arrays = apply(transform, pa.table(rows()))
    assert (arrays["numeric"].shape, arrays["numeric"].dtype) == ((N, 6), np.float32)
    assert (arrays["categorical"].shape, arrays["categorical"].dtype) == ((N, 1), np.int32)
    assert shape(transform) == (6 + 4 * embedded(transform["numeric"]["edges"]).width + embedding_width(4),)


def test_values_are_in_their_own_units_and_missing_ones_the_median(transform: dict[str, Any]) -> None:
    numeric = apply(transform, pa.table(rows()))["numeric"]
    known = [float(v) for v in rows()["age"] if v]
    assert numeric[1, 0] == 21
    assert numeric[0, 0] == np.median(known)
    assert numeric[:2, 5].tolist() == [1, 0]
    assert numeric[:5, 1].tolist() == [1, 0, 0, 0, 1]
    assert numeric[0, 2:5].tolist() == [19723, 1, 0]  # the first of January 2024 was a Monday


def test_categories_are_coded_and_rare_ones_fold(transform: dict[str, Any]) -> None:
    codes = apply(transform, pa.table(rows()))["categorical"][:, 0]
    assert transform["columns"][1]["categories"] == ["Rome", "Oslo"]
    assert codes[[0, 1, 4, N - 1]].tolist() == [1, 2, 3, 0]


def test_units_are_robust(transform: dict[str, Any]) -> None:
    wild = rows()
    wild["age"][1] = "1e12"
    center, scale = (fit(COLUMNS, pa.table(wild))["numeric"][key][0] for key in ("center", "scale"))
    assert center == pytest.approx(transform["numeric"]["center"][0], abs=1)
    assert scale == pytest.approx(transform["numeric"]["scale"][0], rel=0.1)
    assert transform["numeric"]["center"][1] == 0.25  # a yes or no: mean and deviation
    assert transform["numeric"]["scale"][1] == pytest.approx(np.sqrt(0.25 * 0.75))


@pytest.mark.parametrize("values", [["0"] * 190 + ["5"] * 10, ["7"] * N])
def test_a_column_that_hardly_changes_has_a_scale(values: list[str]) -> None:
    unit = fit(COLUMNS[:1], pa.table({"age": values}))["numeric"]
    assert unit["scale"][0] > 0.5


def test_typed_rows_give_the_same_arrays(transform: dict[str, Any]) -> None:
    raw = rows()
    typed = pa.table(
        {
            "age": [float(v) if v else None for v in raw["age"]],
            "city": pa.array([v or None for v in raw["city"]]).dictionary_encode(),
            "member": [v == "yes" for v in raw["member"]],
            "seen": np.array(raw["seen"], "datetime64[D]"),
        }
    )
    for name, array in apply(transform, pa.table(raw)).items():
        np.testing.assert_array_equal(apply(transform, typed)[name], array)


def test_integer_categories_typed_or_with_a_point_are_the_same() -> None:
    column = [{"name": "code", "type": "categorical"}]
    learned = fit(column, pa.table({"code": ["1", "2"] * 50}))
    for values in (["1", "2", ""], [1, 2, None], [1.0, 2.0, None], ["1.0", "2.0", "NA"]):
        assert apply(learned, pa.table({"code": values}))["categorical"][:, 0].tolist() == [2, 3, 1]


def test_reordered_and_further_columns_change_nothing(transform: dict[str, Any]) -> None:
    table = pa.table(rows())
    other = table.select(["seen", "member", "city", "age"]).append_column("extra", table["age"])
    for name, array in apply(transform, table).items():
        np.testing.assert_array_equal(apply(transform, other)[name], array)


def test_rows_of_the_unknown(transform: dict[str, Any]) -> None:
    strange = {"age": ["old", "1e300"], "city": ["Atlantis", None], "member": ["perhaps", ""], "seen": ["soon", ""]}
    arrays = apply(transform, pa.table(strange))
    assert np.isfinite(arrays["numeric"]).all()
    assert arrays["numeric"][0, 0] == pytest.approx(np.median([float(v) for v in rows()["age"] if v]))
    assert arrays["categorical"][:, 0].tolist() == [0, 1]


def test_missing_columns_are_all_named(transform: dict[str, Any]) -> None:
    with pytest.raises(JobError, match=r"\['age', 'seen'\] are missing"):
        apply(transform, pa.table(rows()).drop_columns(["age", "seen"]))


def test_a_table_of_one_kind_leaves_the_other_array_without_columns() -> None:
    numbers = apply(fit(COLUMNS[:1], pa.table(rows())), pa.table(rows()))
    assert numbers["categorical"].shape == (N, 0)
    words = apply(fit(COLUMNS[1:2], pa.table(rows())), pa.table(rows()))
    assert words["numeric"].shape == (N, 0)


def test_no_rows(transform: dict[str, Any]) -> None:
    arrays = apply(transform, pa.table(rows()).slice(0, 0))
    assert {name: len(array) for name, array in arrays.items()} == {"numeric": 0, "categorical": 0}


def test_categories_are_bounded() -> None:
    words = [f"w{i}" for i in range(MAX_CATEGORIES + 50)] * 5 + ["w0"]
    learned = fit([{"name": "w", "type": "categorical"}], pa.table({"w": words}))
    assert learned["categorical"]["cardinalities"] == [MAX_CATEGORIES + 2]
    assert learned["columns"][0]["categories"][0] == "w0"


def test_embeddings_grow_slowly() -> None:
    assert [embedding_width(n) for n in (1, 2, 4, 10, 50, 1000)] == [2, 3, 4, 6, 15, 16]
