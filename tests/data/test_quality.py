from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pieces import scanned

from nas_core.data.alike import count_alike, first_alike
from nas_core.data.association import bins, correlation, explained
from nas_core.data.checks import Findings
from nas_core.data.drift import check_drift
from nas_core.data.quality import check_columns, find_missing_codes, set_leaks_aside
from nas_core.data.split import LEFT_OUT, keep_alike_together
from nas_core.data.types import Column

RNG = np.random.default_rng(0)


def codes_in(values: list[float]) -> tuple[tuple[float, ...], list[str]]:
    findings = Findings()
    table = pa.table({"x": [str(value) for value in values]})
    (column,) = find_missing_codes([Column("x", "numeric")], table, findings, is_used=True)
    return column.missing, [item.rule for item in findings.items]


@pytest.mark.parametrize(
    ("usual", "code", "expected"),
    [
        (range(18, 90), -999, (-999.0,)),
        (range(18, 90), 999, (999.0,)),
        (range(0, 7000, 100), -9999, (-9999.0,)),
        (range(-30, 40), -999, (-999.0,)),
        (range(-2000, 2000, 50), -999, ()),
        (range(800, 1200, 5), 999, ()),
        (range(18, 90), -1, ()),
    ],
)
def test_codes_for_nothing_are_told_from_numbers(usual: range, code: int, expected: tuple[float, ...]) -> None:
    found, rules = codes_in([*usual, *usual, *[code] * 6])
    assert found == expected
    assert rules == ["missing codes"] * bool(expected)


def test_a_code_that_is_rare_is_a_number() -> None:
    assert codes_in([*range(18, 90), -999])[0] == ()


def checked(**columns: list[Any]) -> dict[str, str]:
    """Messages by rule."""
    found = scanned(pa.table(columns).to_batches())
    assert found is not None
    kinds = {name: "categorical" if isinstance(cells[0], str) else "numeric" for name, cells in columns.items()}
    findings = Findings()
    check_columns([Column(n, k) for n, k in kinds.items()], found.columns, found.sample, findings)
    return {item.rule: str(item) for item in findings.items}


def test_mixed_types_are_told_with_examples() -> None:
    message = checked(a=["1", "2", "low", "high"] * 25)["mixed types"]
    assert "'a' mixes 50 numbers with 50 words. Such as 'low', 'high'." in message
    assert checked(a=["low", "high"] * 50) == {}


def test_many_categories_are_told() -> None:
    assert "'a' has 1,200 categories" in checked(a=[f"w{i % 1200}" for i in range(6000)])["high cardinality"]


def test_outliers_are_told_and_a_wide_distribution_is_not_taken_for_them() -> None:
    assert "'a' has 2 values more than ten times" in checked(a=[*range(1000), 10**6, -(10**6)])["outliers"]
    assert checked(a=RNG.standard_cauchy(30).clip(-5, 5).tolist()) == {}


def test_association_is_one_for_the_answer_and_nothing_for_noise() -> None:
    y = RNG.integers(0, 3, 5000)
    names = pa.array([f"class {code}" for code in y])
    assert explained(bins(Column("x", "categorical"), names), y) == 1
    noise = pa.array(RNG.normal(size=5000))
    assert explained(bins(Column("x", "numeric"), noise), y) < 0.02
    many = pa.array([f"{i}" for i in range(5000)])  # a group a row explains nothing that is held out
    assert explained(bins(Column("x", "categorical"), many), y) < 0.02
    x = RNG.normal(size=5000)
    assert explained(bins(Column("x", "numeric"), pa.array(x)), x**2) > 0.95
    assert explained(bins(Column("x", "numeric"), pa.array(x[:20])), x[:20]) == 0


def test_missing_values_may_tell_the_target() -> None:
    y = RNG.integers(0, 2, 1000)
    x = pa.array([None if code else "5" for code in y])
    assert explained(bins(Column("x", "numeric"), x), y) == 1


def test_correlation() -> None:
    x = RNG.normal(size=1000)
    assert correlation(x, -2 * x) == pytest.approx(-1)
    assert correlation(np.where(x > 2, np.nan, x), x) == pytest.approx(1)
    assert correlation(x, RNG.integers(0, 3, 1000)) is None
    assert correlation(np.ones(1000), x) is None


@pytest.mark.parametrize(("is_used", "role"), [(True, "set aside"), (False, "feature")])
def test_leaks_are_set_aside_unless_they_are_kept(is_used: bool, role: str) -> None:
    findings = Findings()
    columns = [Column("a", "numeric"), Column("b", "numeric")]
    judged = set_leaks_aside(columns, {"a": 0.999, "b": 0.5}, findings, is_used=is_used)
    assert [c.role for c in judged] == [role, "feature"]
    assert "'a' alone tells the target (99.9% of its variance)" in findings.items[0].message


def test_the_last_feature_is_not_set_aside() -> None:
    (column,) = set_leaks_aside([Column("a", "numeric")], {"a": 1.0}, Findings(), is_used=True)
    assert column.role == "feature"


def hashes(table: dict[str, list[Any]], rows: int = 1000) -> np.ndarray:
    found = scanned(pa.table(table).to_batches(rows))
    assert found is not None
    return found.hashes.all()


def test_equal_rows_have_equal_hashes_in_any_spelling_batch_and_order_of_columns() -> None:
    n = 100
    table: dict[str, list[Any]] = {"a": [i % 3 for i in range(n)], "b": [f"w{i % 5}" for i in range(n)]}
    first = first_alike(hashes(table, 7))
    assert first.tolist() == [i % 15 for i in range(n)]
    spelled = {"b": table["b"], "a": [f" {a}.0" for a in table["a"]]}
    assert (hashes(spelled) == hashes(table)).all()  # typed, or as text
    mixed = {"a": [*table["a"][:50], *["one", "", None, "two"] * 2], "b": ["w0"] * 58}
    mixed = {name: [None if cell in ("", None) else str(cell) for cell in cells] for name, cells in mixed.items()}
    assert (hashes(mixed) == hashes(mixed, 7)).all()  # batches of numbers, of words, and of both
    assert count_alike(hashes(mixed)[:50], hashes(mixed)[50:]) == 0


def test_columns_that_number_or_name_the_rows_do_not_make_them_differ() -> None:
    n = 100
    table: dict[str, list[Any]] = {"id": list(range(n)), "name": [f"n{i}" for i in range(n)]}
    table["x"] = [i % 2 for i in range(n)]
    assert len(set(first_alike(hashes(table)).tolist())) == 2
    measured = {"x": [f"{value:.6f}" for value in RNG.normal(size=n)], "y": [0] * n}
    assert len(set(first_alike(hashes(measured)).tolist())) == n


def test_equal_rows_go_to_one_part_unless_that_spoils_the_shares() -> None:
    parts = RNG.choice([0, 1, 2], 1000, p=[0.7, 0.15, 0.15]).astype(np.int8)
    parts[5] = LEFT_OUT
    first = np.arange(1000)
    first[500:600] = np.arange(100)
    joined = keep_alike_together(parts, first)
    assert joined is not None
    known = (joined[500:600] != LEFT_OUT) & (joined[:100] != LEFT_OUT)
    assert (joined[500:600] == joined[:100])[known].all()
    assert joined[5] == LEFT_OUT
    assert keep_alike_together(parts, np.zeros(1000, int)) is None


def drifted(**shift: float) -> list[str | None]:
    def sample(n: int, by: dict[str, float]) -> pa.Table:
        words = RNG.choice(["a", "b", "c"], n, p=[0.5 + by.get("w", 0), 0.3, 0.2 - by.get("w", 0)])
        return pa.table({"x": RNG.normal(size=n) + by.get("x", 0), "y": RNG.normal(size=n), "w": words})

    findings = Findings()
    columns = [Column("x", "numeric"), Column("y", "numeric"), Column("w", "categorical")]
    check_drift(columns, sample(3000, {}), sample(1000, shift), findings)
    return sorted(str(item.column) for item in findings.items)


def test_drift_is_told_where_it_is_and_nowhere_else() -> None:
    assert drifted() == []
    assert drifted(x=0.5) == ["x"]
    assert drifted(w=0.15) == ["w"]
    assert drifted(x=0.02) == []


def test_values_of_rows_are_not_told_when_they_must_not() -> None:
    findings = Findings(show_rows=False)
    findings.warning("a", "rule", "3 values of 'a' are odd.", examples=["secret"])
    assert "secret" not in str(findings.items[0])
    assert "secret" not in str(findings.to_json())
