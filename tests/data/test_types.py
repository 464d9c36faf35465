from __future__ import annotations

import datetime as dt
from typing import Any

import pieces
import pyarrow as pa
import pytest

from nas_core.data.checks import Findings
from nas_core.data.column_scan import ColumnScan
from nas_core.data.profile import describe
from nas_core.data.types import Column, decide_columns, infer

N = 100


def scanned(values: list[Any], name: str = "x") -> ColumnScan:
    found = pieces.scanned(pa.table({name: values}).to_batches(max_chunksize=30))
    assert found is not None
    return found.columns[name]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([str(i % 17) for i in range(N)], "numeric"),
        ([f"{i / 7:.3f}" for i in range(N)], "numeric"),
        ([i / 7 for i in range(N)], "numeric"),
        (["", *("1", "2", "3") * 33], "numeric"),
        (["red", "green", "blue", ""] * 25, "categorical"),
        (["1", "2", "A", "B"] * 25, "categorical"),
        (["yes", "no"] * 50, "boolean"),
        ([True, False] * 50, "boolean"),
        (["true", ""] * 50, "boolean"),
        ([f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(N)], "date"),
        ([dt.date(2024, 1, 1 + i % 28) for i in range(N)], "date"),
        ([f"{1 + i % 28}/{1 + i % 12}/2024" for i in range(N)], "date"),
    ],
)
def test_features_are_recognised(values: list[Any], expected: str) -> None:
    column = infer(scanned(values))
    assert (column.type, column.role, column.reason) == (expected, "feature", None)


@pytest.mark.parametrize(
    ("name", "values", "expected", "reason"),
    [
        ("x", [str(1000 + i) for i in range(N)], "id", "numbers the rows"),
        ("x", list(range(N, 0, -1)), "id", "numbers the rows"),
        ("CustomerId", [i * 977 % 9973 for i in range(N)], "id", "numbers the rows"),
        ("x", [f"K{i:05d}" for i in range(N)], "id", "name the rows"),
        ("x", [f"a sentence, the {i}th of many" for i in range(N)], "text", "hardly ever recur, 100 different"),
        ("x", [f"T{i // 2}" for i in range(N)], "text", "hardly ever recur, 50 different"),
        ("x", ["same"] * N, "categorical", "one value only, 'same'"),
        ("x", [""] * N, "ignore", "no values"),
        ("x", [[1, 2]] * N, "ignore", "list<"),
    ],
)
def test_what_teaches_nothing_is_set_aside_with_the_reason(
    name: str, values: list[Any], expected: str, reason: str
) -> None:
    column = infer(scanned(values, name))
    assert (column.type, column.role) == (expected, "set aside")
    assert reason in str(column.reason)


def test_the_type_is_that_of_the_whole_column_not_of_its_first_rows() -> None:
    assert infer(scanned(["1", "2"] * 40 + ["a", "b"] * 40)).type == "categorical"


def test_unambiguous_days_decide_between_month_and_day_first() -> None:
    assert infer(scanned(["1/2/2024", "13/2/2024"] * 20)).form == "day/month/year"
    assert infer(scanned(["1/2/2024", "2/13/2024"] * 20)).form == "month/day/year"


def decide(table: dict[str, list[Any]], given: dict[str, str], roles: dict[str, str]) -> tuple[list[Column], Findings]:
    found = pieces.scanned(pa.table(table).to_batches())
    assert found is not None
    findings = Findings()
    return decide_columns(found.columns, given, roles, findings), findings


def test_roles_and_given_types() -> None:
    table: dict[str, list[Any]] = {
        "zip": [str(10_000 + i % 5) for i in range(N)],
        "name": [f"n{i}" for i in range(N)],
        "who": [str(i // 4) for i in range(N)],
        "secret": ["a", "b"] * 50,
        "y": ["0", "1"] * 50,
    }
    given = {"zip": "categorical"}
    roles = {"who": "group", "secret": "excluded", "y": "target"}
    columns, findings = decide(table, given, roles)
    assert [(c.name, c.type, c.role) for c in columns] == [
        ("zip", "categorical", "feature"),
        ("name", "id", "set aside"),
        ("who", "numeric", "group"),
        ("secret", "categorical", "set aside"),
        ("y", "numeric", "target"),
    ]
    assert [item.column for item in findings.items if item.severity == "warning"] == ["name"]


def test_a_type_that_does_not_fit_is_an_error() -> None:
    _, findings = decide({"a": ["x", "z"] * 50, "y": ["0", "1"] * 50}, {"a": "numeric"}, {"y": "target"})
    (error,) = [item for item in findings.items if item.severity == "error"]
    assert "`column_types` says numeric for 'a', but it holds other values." in error.message
    assert error.examples == ("x", "z")


def test_a_few_odd_words_among_numbers_count_as_missing_and_are_told() -> None:
    columns, findings = decide(
        {"a": [*(str(i % 50) for i in range(97)), "abc", "n.a.", "-"], "y": ["0", "1"] * 50}, {}, {"y": "target"}
    )
    assert columns[0].type == "numeric"
    assert "3 of 100 values of 'a' are no numbers. Such as 'abc', 'n.a.', '-'." in str(findings.items[0])


def test_profile_of_numbers() -> None:
    values = ["", *(str(i) for i in range(1, 100))]
    scan = scanned(values)
    entry = describe(Column("x", "numeric"), scan, pa.chunked_array([values]))
    assert (entry["n_missing"], entry["n_distinct"], entry["integer"]) == (1, 99, True)
    assert (entry["min"], entry["max"], entry["mean"]) == (1, 99, 50)
    assert entry["quantiles"][2] == 50
    assert sum(entry["histogram"]["counts"]) == 99
    assert len(entry["histogram"]["edges"]) == len(entry["histogram"]["counts"]) + 1


def test_profile_of_words_and_dates() -> None:
    words = ["a", "b", "a", ""]
    entry = describe(Column("x", "categorical"), scanned(words), pa.chunked_array([words]))
    assert entry["top"] == [{"value": "a", "count": 2}, {"value": "b", "count": 1}]
    days = ["2024-02-01", "2023-01-01", ""]
    entry = describe(Column("x", "date", form="year-month-day"), scanned(days), pa.chunked_array([days]))
    assert (entry["min"], entry["max"]) == ("2023-01-01T00:00:00", "2024-02-01T00:00:00")
