from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pieces import scanned

from nas_core.data import column_scan, scan
from nas_core.data.column_scan import Counts, Moments
from nas_core.data.scan import Sample
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
    monkeypatch.setattr(column_scan, "MAX_DISTINCT", 3)
    monkeypatch.setattr(column_scan, "MAX_FOLLOWED", 2)
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
        table, rows = sample.table([10_000])
        assert (table["x"].to_numpy() == rows).all()
        return rows

    rows = drawn(100)
    assert 300 < len(rows) <= 1000
    assert np.mean(rows) == pytest.approx(5000, abs=500)
    assert (drawn(1000) == rows).all()


def test_a_small_table_is_its_own_sample() -> None:
    table = pa.table({"x": ["1", "2", "", "4"], "y": ["a", "b", "a", ""]})
    found = scanned(batches(table, 3), keep=("y",))
    assert found is not None
    assert found.sample.equals(table)
    assert found.sample_rows.tolist() == [0, 1, 2, 3]
    assert found.columns["x"].n_missing == 1
    assert found.columns["x"].numbers.max == 4
    assert found.kept["y"].to_pylist() == ["a", "b", "a", None]


def test_a_table_without_rows() -> None:
    assert scanned([pa.record_batch({"x": pa.array([], pa.string())})]) is None
    assert scanned() is None


def test_rows_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_MAX_ROWS", "9")
    with pytest.raises(JobError, match="at most 9 rows"):
        scanned(pa.table({"x": list(range(10))}).to_batches())
    with pytest.raises(JobError, match="at most 9 rows"):
        scanned(*[pa.table({"x": list(range(5))}).to_batches()] * 2)


@pytest.mark.parametrize("sizes", [[64], [500, 1], [0, 0, 250, 250]])
def test_pieces_are_merged_into_what_the_whole_table_is(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each piece counts exactly. The sample is another one, as fair."""
    monkeypatch.setattr(scan, "SAMPLE_ROWS", 400)
    rng = np.random.default_rng(0)
    n = 1000
    table = pa.table(
        {
            "number": rng.normal(1e6, 1, n),
            "step": np.arange(n),
            "word": rng.choice(["a", "b", "", "yes"], n),
            "text": [f"{x:.3f}" if x > 0 else "none at all" for x in rng.normal(size=n)],
            "day": np.datetime64("2024-01-01") + rng.integers(0, 300, n),
            "empty": pa.nulls(n, pa.string()),
        }
    )
    sizes = [*sizes, n - sum(sizes)]
    pieces = [table.slice(sum(sizes[:i]), size).to_batches(64) for i, size in enumerate(sizes)]
    whole, merged = scanned(table.to_batches(64), keep=("word",)), scanned(*pieces, keep=("word",))
    assert whole is not None
    assert merged is not None
    for name, column in whole.columns.items():
        other = merged.columns[name]
        assert other.numbers.mean == pytest.approx(column.numbers.mean, rel=1e-12)
        assert other.numbers.std == pytest.approx(column.numbers.std, rel=1e-9)
        for one in (column, other):
            one.numbers.mean = one.numbers.squares = 0.0
        assert vars(other.numbers) == vars(column.numbers)
        assert other.counts.top(n) == column.counts.top(n)
        assert other.counts.n_distinct == column.counts.n_distinct
        plain = [{k: v for k, v in vars(c).items() if k not in ("numbers", "counts")} for c in (column, other)]
        assert plain[0] == plain[1]
    assert merged.kept["word"].to_pylist() == whole.kept["word"].to_pylist()
    assert (merged.hashes.all() == whole.hashes.all()).all()
    assert 100 < merged.sample.num_rows <= 400
    assert merged.sample.equals(table.take(pa.array(merged.sample_rows)))


def test_counts_of_pieces_that_are_not_exact_keep_what_is_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_scan, "MAX_DISTINCT", 3)
    monkeypatch.setattr(column_scan, "MAX_FOLLOWED", 2)

    def counted(**values: int) -> Counts:
        counts = Counts()
        counts.add(pa.array(list(values)), np.array(list(values.values())))
        return counts

    counts = counted(a=5, b=1)
    counts.merge(counted(a=1, c=3))
    assert counts.is_exact
    assert counts.top(9) == [("a", 6), ("c", 3), ("b", 1)]
    counts.merge(counted(a=2, d=9, e=1, f=1))
    assert not counts.is_exact
    assert counts.n_distinct == 4
    assert counts.top(9) == [("d", 9), ("a", 8)]
    rare = counted(g=1)
    rare.merge(counts)
    assert rare.top(9) == [("d", 9), ("a", 8)]
    rare.merge(Counts())
    assert rare.top(9) == [("d", 9), ("a", 8)]
