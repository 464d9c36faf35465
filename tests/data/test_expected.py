"""A dataset is held against the latest earlier run of the same job, found by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from s3_endpoint import Endpoint

from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run, create_run
from nas_core.runs.siblings import siblings
from nas_core.stage import execute

N = 100


def table(**columns: Any) -> pa.Table:
    found = {"x": [i % 37 / 10 for i in range(N)], "colour": ["red" if i % 3 else "blue" for i in range(N)]}
    return pa.table(found | {"y": ["yes" if i % 4 else "no" for i in range(N)]} | columns)


def prepared(folder: Path, root: str, run_id: str, rows: pa.Table | None = None, **fields: Any) -> Run:
    pacsv.write_csv(table() if rows is None else rows, folder / "t.csv")
    job = parse_job({"dataset_uri": str(folder / "t.csv"), "target": "y"} | fields)
    run = create_run(root, "job", job_json(job), run_id)
    execute("prepare", run)
    return run


def told(run: Run) -> list[str]:
    return [item["message"] for item in read_json(run.path(layout.CHECKS)) if item["rule"] == "schema"]


def ended(run: Run, time: float) -> Run:
    os.utime(run.path(f"prepare/{layout.DONE}"), (time, time))
    return run


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "runs")


def test_the_latest_run_of_the_job_is_compared_with(tmp_path: Path, root: str) -> None:
    assert told(prepared(tmp_path, root, "z")) == []
    ended(prepared(tmp_path, root, "m", table(zone=["a", "b"] * 50)), 2e9)  # later, whatever it is called
    ended(prepared(tmp_path, root, "a", table(other=["a", "b"] * 50)), 1e9)
    first, *found = told(prepared(tmp_path, root, "n"))
    assert first.endswith("earlier run " + str(Path(root, "job", "m")) + ".")
    assert found == ["The column 'zone' (categorical) of the earlier run is gone."]
    assert told(prepared(tmp_path, root, "k", compare_with="none")) == []


def test_runs_of_other_data_under_the_same_name_are_passed_over(tmp_path: Path, root: str) -> None:
    other = {name: [f"{i % 5}" for i in range(N)] for name in ("a", "b", "c")}
    prepared(tmp_path, root, "1", pa.table(other | {"y": table()["y"]}))
    prepared(tmp_path, root, "2", target="colour", leaking_columns="keep")
    assert told(prepared(tmp_path, root, "3")) == []


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"columns": 5, "target": "y"}', '{"columns": [{"name": "x"}], "target": "y"}']
)
def test_a_broken_run_is_passed_over(tmp_path: Path, root: str, damage: str) -> None:
    ended(prepared(tmp_path, root, "1"), 1e9)
    broken = prepared(tmp_path, root, "2")
    broken.path(layout.SCHEMA).write_text(damage)
    unfinished = prepared(tmp_path, root, "3")
    unfinished.path(f"prepare/{layout.DONE}").unlink()
    (first,) = told(prepared(tmp_path, root, "4"))
    assert first.endswith("1.")
    with pytest.raises(ValueError, match="`compare_with` must be the address of a run whose schema can be read"):
        prepared(tmp_path, root, "5", compare_with=broken.address)


def test_on_s3(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_SCRATCH", str(tmp_path / "one"))
    prepared(tmp_path, "s3://bucket/runs", "2", table(zone=["a", "b"] * 50))
    create_run("s3://bucket/runs", "job", "{}", "3")
    monkeypatch.setenv("NAS_SCRATCH", str(tmp_path / "other"))
    run = prepared(tmp_path, "s3://bucket/runs", "1")
    assert siblings(run, "prepare") == ["s3://bucket/runs/job/2"]
    assert [message.split(" ")[0:2] for message in told(run)] == [["The", "columns"], ["The", "column"]]
    endpoint.stop()
    with pytest.raises(ValueError, match="must answer"):
        siblings(run, "prepare")
    endpoint.start()
