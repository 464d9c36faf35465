from __future__ import annotations

from pathlib import Path

import pytest
from s3_endpoint import Endpoint

from nas_core.errors import JobError
from nas_core.job import parse_job
from nas_core.runs.copy import copy_results
from nas_core.runs.run import Run, open_run
from nas_core.runs.s3 import s3_client

RESULTS = ["export/MODEL_CARD.md", "export/model.tflite", "report/figures/score.png", "report/report.xlsx"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = open_run(str(tmp_path / "run"))
    others = ["export/DONE", "export/key.json", "export/report.json", "export/.lock", "train/model.keras", "job.json"]
    for name in [*RESULTS, "export/manifest.json", *others]:
        run.path(name).parent.mkdir(parents=True, exist_ok=True)
        run.path(name).write_text(name)
    return run


def test_a_folder_receives_the_results_and_nothing_else(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "to" / "customer"
    assert copy_results(run, str(folder)) == [*RESULTS, "export/manifest.json"]
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == {*RESULTS, "export/manifest.json"}
    assert (folder / "report/report.xlsx").read_text() == "report/report.xlsx"


def test_newer_results_replace_older_ones_and_leave_the_rest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "to/report").mkdir(parents=True)
    (tmp_path / "to/report/report.xlsx").write_text("old")
    (tmp_path / "to/report/mine.txt").write_text("mine")
    copy_results(run, str(tmp_path / "to"))
    assert (tmp_path / "to/report/report.xlsx").read_text() == "report/report.xlsx"
    assert (tmp_path / "to/report/mine.txt").read_text() == "mine"


@pytest.mark.parametrize("address", ["s3://bucket/to/customer/", "s3://bucket"])
def test_a_bucket_receives_the_results_manifest_last(endpoint: Endpoint, run: Run, address: str) -> None:
    copy_results(run, address)
    prefix = "" if address == "s3://bucket" else "to/customer/"
    assert endpoint.asked("PUT")[-1] == prefix + "export/manifest.json"
    objects = s3_client().list_objects_v2(Bucket="bucket")["Contents"]
    assert {o["Key"].removeprefix(prefix) for o in objects} == {*RESULTS, "export/manifest.json"}


@pytest.mark.usefixtures("endpoint")
def test_a_bucket_that_is_not_there(run: Run) -> None:
    with pytest.raises(JobError, match="none named 'nowhere'"):
        copy_results(run, "s3://nowhere/x")


def test_a_destination_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="`destination` must be a folder that can be written"):
        copy_results(run, str(tmp_path / "file"))


@pytest.mark.parametrize("field", ["root", "destination"])
@pytest.mark.parametrize("address", ["ftp://host/x", "s3://", "s3:///x"])
def test_a_job_with_such_an_address_is_refused(field: str, address: str) -> None:
    with pytest.raises(JobError, match=f"`{field}`.*must be a folder or look like s3://bucket/prefix"):
        parse_job({"dataset_uri": "x.csv", "target": "y", field: address})


def test_a_job_may_name_folders_and_buckets() -> None:
    job = parse_job({"dataset_uri": "x.csv", "target": "y", "root": "runs", "destination": "s3://bucket/to"})
    assert (job.root, job.destination) == ("runs", "s3://bucket/to")
