"""Every stage of a run that lives on S3, at an endpoint that goes away and one that refuses."""

from __future__ import annotations

from pathlib import Path
from threading import Timer

import pyarrow.csv as pacsv
import pytest
from s3_endpoint import Endpoint

from nas_core.child import run_stages
from nas_core.errors import JobError
from nas_core.export.predict import predict
from nas_core.job import Job, parse_job
from nas_core.runs import layout
from nas_core.runs.records import read_lines
from nas_core.runs.run import open_run
from nas_core.runs.s3 import s3_client
from nas_core.stage import STAGES, is_done
from nas_core.tasks.registry import load_task


def job(folder: Path, **fields: object) -> Job:
    sample = load_task("tabular_classification").sample(folder)
    settings = {"root": "s3://bucket/runs", "budget_minutes": 10, "max_candidates": 2, "epochs": 5, "n_finalists": 1}
    return parse_job(sample | settings | fields)


@pytest.mark.slow
def test_a_run_goes_the_whole_way_though_the_endpoint_goes_away_in_each_stage(
    endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    been: set[str] = set()

    def go_away_at_the_first_report(method: str, key: str) -> None:
        if method == "PUT" and key.endswith("/report.json") and key not in been:
            been.add(key)
            Timer(0, endpoint.stop).start()
            Timer(4, endpoint.start).start()

    endpoint.before_request = go_away_at_the_first_report
    run = run_stages(job(tmp_path, destination="s3://bucket/to"), lines.append)
    assert len(been) == len(STAGES)
    assert sum("Trying again" in line for line in lines) >= len(STAGES)

    monkeypatch.setenv("NAS_SCRATCH", str(tmp_path / "elsewhere"))
    there = open_run(run.address)
    assert all(is_done(stage, there) for stage in STAGES)
    there.store.pull("search")
    assert len(list(read_lines(there.path(layout.CANDIDATES)))) == 2
    copied = open_run("s3://bucket/to")
    copied.store.pull(layout.EXPORT)
    answer = predict(copied.path(layout.EXPORT), pacsv.read_csv(tmp_path / "rings.csv"))
    assert answer.num_rows == 400
    listed = s3_client().list_objects_v2(Bucket="bucket", Prefix="to/report/")["Contents"]
    assert "to/report/report.xlsx" in {o["Key"] for o in listed}


def test_rejected_credentials_end_a_run_before_it_begins(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.refuse_with = "403 Forbidden", "InvalidAccessKeyId"
    with pytest.raises(
        JobError, match=r"s3://bucket/runs/.* rejected them \(InvalidAccessKeyId\): check AWS_ACCESS_KEY_ID"
    ):
        run_stages(job(tmp_path), print)


def test_credentials_that_are_rejected_later_end_a_stage_at_once(endpoint: Endpoint, tmp_path: Path) -> None:
    def refuse_data(method: str, key: str) -> None:
        if method == "PUT" and key.endswith("/transforms.json"):
            endpoint.refuse_with = "403 Forbidden", "ExpiredToken"

    endpoint.before_request = refuse_data
    with pytest.raises(JobError, match=r"rejected them \(ExpiredToken\)") as caught:
        run_stages(job(tmp_path), lambda _: None)
    assert "s3cret" not in str(caught.value)
    endpoint.before_request = endpoint.refuse_with = None
    objects = s3_client().list_objects_v2(Bucket="bucket")["Contents"]
    assert not [o["Key"] for o in objects if o["Key"].endswith("DONE")]
