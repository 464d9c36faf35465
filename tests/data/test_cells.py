from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nas_core.data.cells import booleans, coded, moments, numbers, texts, words


@pytest.mark.parametrize(
    "column",
    [
        ["1", " 2.50 ", "", "NA", "-3e2"],
        [1.0, 2.5, None, float("nan"), -300.0],
        [Decimal("1"), Decimal("2.5"), None, None, Decimal("-300")],
    ],
)
def test_numbers_are_the_same_typed_or_as_text(column: list[Any]) -> None:
    np.testing.assert_array_equal(numbers(pa.array(column)), [1, 2.5, np.nan, np.nan, -300])


def test_what_is_no_number_is_missing() -> None:
    column = pa.array(["1", "abc", "1_000", "0x1F", "inf", "1e999", "١", "1.", ".5"])
    np.testing.assert_array_equal(numbers(column), [1, *[np.nan] * 6, 1, 0.5])
    assert np.isnan(numbers(pa.array([dt.date(2020, 1, 1)]))).all()


@pytest.mark.parametrize("column", [[1, 2, None], [1.0, 2.0, None], ["1", "2.0", ""], ["1.00", " 2", "?"]])
def test_categories_have_one_spelling(column: list[Any]) -> None:
    assert words(pa.array(column)).to_pylist() == ["1", "2", None]


def test_texts_keep_their_spelling() -> None:
    assert texts(pa.array(["1.0", " a b ", "None", "none"])).to_pylist() == ["1.0", "a b", None, "none"]
    assert words(pa.array(["007", "1.5", "v1.0"])).to_pylist() == ["007", "1.5", "v1.0"]


def test_dictionaries_and_chunks_are_read_like_plain_columns() -> None:
    column = pa.chunked_array([pa.array(["a", None]).dictionary_encode(), pa.array(["b", "a"]).dictionary_encode()])
    assert words(column).to_pylist() == ["a", None, "b", "a"]
    numeric = pa.chunked_array([pa.array(["1", None]).dictionary_encode(), pa.array(["", "2"]).dictionary_encode()])
    np.testing.assert_array_equal(numbers(numeric), [1, np.nan, np.nan, 2])
    assert coded(numeric)[1].tolist() == [0, -1, 1, 2]
    assert words(pa.array([], pa.large_string())).to_pylist() == []
    assert words(pa.nulls(2)).to_pylist() == [None, None]


def test_booleans() -> None:
    np.testing.assert_array_equal(
        booleans(pa.array(["Yes", "no", "TRUE", "f", "1", "", "maybe"])), [1, 0, 1, 0, 1, np.nan, np.nan]
    )
    np.testing.assert_array_equal(booleans(pa.array([True, False, None])), [1, 0, np.nan])


@pytest.mark.parametrize(
    ("form", "texts_"),
    [
        ("year-month-day", ["2024-02-03", "2024-02-03T04:05:06", "2024-02-03 04:05:06.789Z", "2024-02-03T04:05+02:00"]),
        ("year/month/day", ["2024/2/3", "2024/02/03 04:05:06", "2024/02/03 04:05:06", "2024/02/03 04:05"]),
        ("day.month.year", ["3.2.2024", "03.02.2024 04:05:06", "03.02.2024 04:05:06", "03.02.2024 04:05"]),
        ("month/day/year", ["2/3/2024", "02/03/2024 04:05:06", "02/03/2024 04:05:06", "02/03/2024 04:05"]),
        ("day/month/year", ["3/2/2024", "03/02/2024 04:05:06", "03/02/2024 04:05:06", "03/02/2024 04:05"]),
    ],
)
def test_dates_in_every_form(form: str, texts_: list[str]) -> None:
    expected = [
        "2024-02-03T00:00:00",
        "2024-02-03T04:05:06",
        "2024-02-03T04:05:06",
        "2024-02-03T04:05:00",
        "NaT",
        "NaT",
    ]
    np.testing.assert_array_equal(moments(pa.array([*texts_, "soon", ""]), form), np.array(expected, "datetime64[s]"))


def test_typed_dates() -> None:
    expected = np.array(["2024-02-03", "NaT"], "datetime64[s]")
    np.testing.assert_array_equal(moments(pa.array([dt.date(2024, 2, 3), None])), expected)
    aware = pa.array([dt.datetime(2024, 2, 3), None], pa.timestamp("ns", tz="UTC"))
    np.testing.assert_array_equal(moments(aware), expected)
