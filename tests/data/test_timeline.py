"""The order of the rows in time: which column tells it, and when rows are split by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from nas_core.data.folds import count_folds
from nas_core.data.prepared import Prepared
from nas_core.data.split import TEST, TRAIN, VALID, split_in_time
from nas_core.errors import JobError
from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run, create_run
from nas_core.stage import execute

N = 400


def table(**columns: Any) -> pa.Table:
    """Rows in a random order, with one day each."""
    rng = np.random.default_rng(0)
    days = rng.permutation(N)
    x = rng.normal(size=N)
    found = {"day": np.datetime64("2023-11-01") + days, "number": days + 0.5, "x": x.round(4)}
    return pa.table(found | {"y": np.where(x + rng.normal(size=N) > 0, "yes", "no")} | columns)


def prepared(folder: Path, rows: pa.Table, form: str = "csv", **fields: Any) -> Run:
    path = folder / f"t.{form}"
    pacsv.write_csv(rows, path) if form == "csv" else pq.write_table(rows, path)
    job = parse_job({"dataset_uri": str(path), "target": "y"} | fields)
    run = create_run(str(folder / "runs"), "job", job_json(job), str(len(list(folder.glob("runs/job/*")))))
    execute("prepare", run)
    return run


def told(run: Run) -> list[dict[str, Any]]:
    return [item for item in read_json(run.path(layout.CHECKS)) if item["rule"] == "time order"]


def days(run: Run, part: str) -> np.ndarray:
    names = Prepared(run).transforms["input"]["numeric"]["names"]
    return Prepared(run).split(part).inputs["numeric"][:, names.index("day (days)")]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_column_of_dates_splits_the_rows_in_time(tmp_path: Path, form: str) -> None:
    run = prepared(tmp_path, table(), form)
    train, valid, test = (days(run, part) for part in ("train", "valid", "test"))
    assert train.max() < valid.min() <= valid.max() < test.min()
    assert Prepared(run).schema["n_rows"] == {"train": 280, "valid": 60, "test": 60}
    assert Prepared(run).schema["split"] == "time"
    (warning,) = told(run)
    assert (warning["severity"], warning["column"]) == ("warning", "day")
    assert "from 2024-08-07 on they validate, from 2024-10-06 on they test" in warning["message"]
    assert "`split` random" in warning["action"]
    assert count_folds(Prepared(run), 0) == 1


def test_it_is_switched_off_and_asked_for(tmp_path: Path) -> None:
    run = prepared(tmp_path, table(), split="random")
    assert days(run, "train").max() > days(run, "test").min()
    assert (told(run), Prepared(run).schema["split"]) == ([], "random")
    run = prepared(tmp_path, table().drop_columns("day"), time_column="number")
    (info,) = told(run)
    assert (info["severity"], Prepared(run).schema["split"]) == ("info", "time")
    assert "from 280.5 on they validate" in info["message"]
    run = prepared(tmp_path, table(), split="time", show_rows=False)
    assert "2024" not in json.dumps(told(run))


def test_dates_that_order_no_rows(tmp_path: Path) -> None:
    rows, someone = table(), np.random.default_rng(1).random(N) < 0.3
    born = rows.drop_columns("day").append_column("Date of birth", rows["day"])
    assert told(prepared(tmp_path, born)) == []
    text = rows.append_column("spelled", rows["day"].cast(pa.string())).drop_columns("day")
    assert told(prepared(tmp_path, text, column_types={"spelled": "categorical"})) == []
    left = rows.set_column(0, "left", pa.array(rows["day"].to_numpy(), mask=~someone))
    (warning,) = told(prepared(tmp_path, left))
    assert "have none" in warning["message"]
    (warning,) = told(
        prepared(tmp_path, rows.set_column(0, "day", pa.array([*rows["day"][:10], *[rows["day"][0]] * 390])))
    )
    assert "fall on one moment" in warning["message"]
    late = rows.set_column(3, "y", pa.array(np.where(rows["number"].to_numpy() > 300, "late", "early")))
    (warning,) = told(prepared(tmp_path, late))
    assert "a class begins too late" in warning["message"]
    assert warning["action"] == "They are split by chance."


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"time_column": "y2"}, "`time_column` must be one of the columns"),
        ({"time_column": "colour"}, "`time_column` must hold dates or numbers, but 'colour' does not"),
        ({"split": "time", "column_types": {"day": "ignore"}}, "where no column holds dates"),
        ({"time_column": "late", "column_types": {"day": "ignore"}}, "cannot be split in time by 'late'"),
        ({"time_column": "day", "split": "random"}, "must be empty when `split` is random"),
        ({"time_column": "y"}, "must not be the target"),
        ({"split": "time", "group_column": "colour"}, "`group_column` must be empty when rows are split in time"),
    ],
)
def test_a_split_in_time_that_cannot_be_is_an_error_when_it_is_asked_for(
    tmp_path: Path, fields: dict[str, Any], words: str
) -> None:
    rows = table(colour=["red", "blue"] * (N // 2), late=[1] * (N - 5) + [2] * 5)
    with pytest.raises(JobError, match=words):
        prepared(tmp_path, rows, **fields)


def test_lists_are_no_moments(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="`time_column` must hold dates or numbers, but 'lists' does not"):
        prepared(tmp_path, table(lists=[[1, 2]] * N), "parquet", time_column="lists")


def test_with_groups_rows_stay_with_their_group(tmp_path: Path) -> None:
    run = prepared(tmp_path, table(who=[f"p{i // 4}" for i in range(N)]), group_column="who")
    assert (Prepared(run).schema["split"], told(run)) == ("group", [])


def test_rows_of_one_moment_stay_together_and_those_without_train() -> None:
    moments = np.array([np.nan, *np.repeat(np.arange(10.0), 9), *[10.0] * 9])
    parts = split_in_time(moments, (0.2, 0.2))
    assert parts is not None
    assert parts[0] == TRAIN
    assert {m: set(parts[moments == m].tolist()) for m in (6, 7, 8, 9, 10)} == {
        6: {TRAIN}, 7: {VALID}, 8: {VALID}, 9: {TEST}, 10: {TEST}
    }  # fmt: skip
    assert split_in_time(np.full(50, np.nan), (0.2, 0.2)) is None
    valid_only = split_in_time(np.arange(100.0), (0.15, 0.0))
    assert valid_only is not None
    assert np.bincount(valid_only).tolist() == [85, 15]
