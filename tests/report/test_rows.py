"""The worst mistakes, and thresholds."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_up_run import MakeRun

from nas_core.report.facts import read_facts
from nas_core.report.rows import mistakes, thresholds


def write(folder: Path, said: dict[str, list[object]], rows: dict[str, list[object]]) -> tuple[Path, Path]:
    pq.write_table(pa.table(said), folder / "said.parquet")
    pq.write_table(pa.table(rows), folder / "rows.parquet")
    return folder / "said.parquet", folder / "rows.parquet"


def test_the_surest_wrong_class_comes_first(tmp_path: Path) -> None:
    said = {"truth": ["a", "b", "a"], "prediction": ["b", "b", "b"], "p_a": [0.4, 0.3, 0.1], "p_b": [0.6, 0.7, 0.9]}
    found = mistakes(*write(tmp_path, said, {"x": [1, 2, 3], "y": [4, 5, 6]}), ["y", "gone"])
    assert found is not None
    assert found.columns == ("row", "truth", "prediction", "how wrong", "y")
    assert found.rows == ((2, "a", "b", pytest.approx(0.9), 6), (0, "a", "b", pytest.approx(0.6), 4))


def test_the_largest_errors_come_first(tmp_path: Path) -> None:
    said = {"truth": [1.0, 2.0, 3.0], "prediction": [1.5, 2.0, 1.0]}
    found = mistakes(*write(tmp_path, said, {"x": ["a", "b", "c"]}), ["x"])
    assert found is not None
    assert [row[0] for row in found.rows] == [2, 0]


def test_thresholds_count_who_is_said_to_be_positive(tmp_path: Path) -> None:
    said = {
        "truth": ["n", "y", "y", "n"],
        "prediction": ["n"] * 4,
        "p_y": [0.2, 0.4, 0.9, 0.6],
        "p_n": [0.8, 0.6, 0.1, 0.4],
    }
    path, _ = write(tmp_path, said, {"x": [1]})
    by = {about.threshold: about for about in thresholds(path, "y")}
    assert (by[0.5].precision, by[0.5].recall, by[0.5].n_yes) == (0.5, 0.5, 2)
    assert (by[0.3].precision, by[0.3].recall) == (pytest.approx(2 / 3), 1.0)
    assert by[0.95].precision is None
    assert thresholds(path, None) == ()


def test_rows_are_not_shown_where_the_job_forbids_it(make_run: MakeRun) -> None:
    assert read_facts(make_run("labels", 3)).test.mistakes is not None
    assert read_facts(make_run("labels", 4, show_rows=False)).test.mistakes is None
