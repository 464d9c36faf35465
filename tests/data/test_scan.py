from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from nas_core.data import scan
from nas_core.data.scan import Counts, Moments, Sample, scan_table
from nas_core.errors import JobError


def batches(table: pa.Table, rows: int) -> list[pa.RecordBatch]:
    return table.to_batches(max_chunksize=rows)


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_moments_do_not_depend_on_the_blocks(rows: int) -> None:
    x = np.random.default_rng(0).normal(1e6, 1, 1000)
    moments = Moments()
    for block in np.split(x, range(rows, 1000, rows)):
        moments.add(block)
    assert moments.n == 1000
    assert moments.mean == pytest.approx(x.mean(), rel=1e-12)
    assert moments.std == pytest.approx(x.std(), rel=1e-6)
    assert (moments.min, moments.max) == (x.min(), x.max())


def test_increasing_is_seen_across_blocks() -> None:
    moments = Moments()
    moments.add(np.array([1.0, 2.0]))
    moments.add(np.array([3.0]))
    assert moments.is_increasing
    moments.add(np.array([3.0]))
    assert not moments.is_increasing


def test_counts_are_exact_up_to_a_limit_then_follow_the_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MAX_DISTINCT", 3)
    monkeypatch.setattr(scan, "MAX_FOLLOWED", 2)
    counts = Counts()
    counts.add(pa.array(["a", "b"]), np.array([5, 1]))
    counts.add(pa.array(["a", "c"]), np.array([1, 3]))
    assert counts.is_exact
    assert counts.top(3) == [("a", 6), ("c", 3), ("b", 1)]
    counts.add(pa.array(["d"]), np.array([1]))
    assert not counts.is_exact
    assert counts.n_distinct == 4
    counts.add(pa.array(["a", "c", "x"]), np.array([1, 1, 9]))
    assert counts.top(3) == [("a", 7), ("c", 4)]


def test_the_sample_is_bounded_fair_and_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "SAMPLE_ROWS", 1000)

    def drawn(rows_per_batch: int) -> np.ndarray:
        sample = Sample()
        for first in range(0, 10_000, rows_per_batch):
            sample.add(pa.record_batch({"x": np.arange(first, first + rows_per_batch)}), first)
        table, rows = sample.table()
        assert (table["x"].to_numpy() == rows).all()
        return rows

    rows = drawn(100)
    assert 300 < len(rows) <= 1000
    assert np.mean(rows) == pytest.approx(5000, abs=500)
    assert (drawn(1000) == rows).all()


def test_a_small_table_is_its_own_sample() -> None:
    table = pa.table({"x": ["1", "2", "", "4"], "y": ["a", "b", "a", ""]})
    found = scan_table(batches(table, 3), ["y"])
    assert found is not None
    assert found.sample.equals(table)
    assert found.sample_rows.tolist() == [0, 1, 2, 3]
    assert found.columns["x"].n_missing == 1
    assert found.columns["x"].numbers.max == 4
    assert found.kept["y"].to_pylist() == ["a", "b", "a", None]


def test_a_table_without_rows() -> None:
    assert scan_table([pa.record_batch({"x": pa.array([], pa.string())})], ["x"]) is None
    assert scan_table([], []) is None


def test_rows_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_MAX_ROWS", "9")
    with pytest.raises(JobError, match="at most 9 rows"):
        scan_table(pa.table({"x": list(range(10))}).to_batches(), [])
