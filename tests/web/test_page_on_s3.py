"""The page over runs and uploads that lie on S3, at a real endpoint; nothing of them lies on this machine at first."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from made_up_run import write_run

from nas_core.runs import layout
from nas_core.runs.run import create_run, open_run, scratch_root
from nas_core.runs.s3 import s3_client
from nas_core.stage import execute

API = "/nas/api/v1"
RUN = f"{API}/runs/generate_network/afar"
ROOT = "s3://bucket/runs"
CSV = "age,plan,churned\n" + "".join(f"{20 + row % 31},{'pro' if row % 3 else 'free'},{row % 2}\n" for row in range(60))


@pytest.fixture
def root(endpoint, monkeypatch, airflow_app):  # noqa: ARG001 - the application reads the root when it is asked
    monkeypatch.setenv("NAS_ROOT", ROOT)
    return ROOT


@pytest.fixture
def afar(root, known_run):
    """A finished run that Airflow knows of and only S3 holds."""
    run = write_run(root)
    for stage in layout.STAGES:
        run.store.push(stage)
    shutil.rmtree(scratch_root())
    known_run("afar", run.address)
    return run


def keys(prefix="runs/"):
    return {each["Key"] for each in s3_client().list_objects_v2(Bucket="bucket", Prefix=prefix).get("Contents", [])}


@pytest.mark.usefixtures("afar")
def test_a_run_is_told_and_its_files_are_fetched(as_role):
    viewer = as_role("viewer")
    status = viewer.get(RUN).json()
    assert (status["name"], status["value"], status["search"]["n_candidates"]) == ("tumours", 0.0912, 30)
    assert viewer.get(f"{API}/runs?search=tumours").json()["runs"][0]["n_candidates"] == 30
    assert len(viewer.get(f"{RUN}/candidates").json()["candidates"]) == 30
    assert "export/model.tflite" in [each["path"] for each in viewer.get(f"{RUN}/artifacts").json()]
    part = viewer.get(f"{RUN}/artifacts/export/model.tflite", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, b"tttt")


def test_a_running_search_is_asked_to_stop(as_role, afar, known_run):
    known_run("running", afar.address, state="running")
    assert as_role("op").post(f"{API}/runs/generate_network/running/stop").status_code == 202
    shutil.rmtree(scratch_root())
    assert open_run(afar.address).is_stopped()


def test_a_deleted_run_leaves_nothing(as_role, afar):
    assert keys()
    assert as_role("op").delete(RUN).status_code == 204
    assert {key for key in keys() if not key.endswith(".writer")} == set()
    assert not afar.folder.exists()


@pytest.mark.parametrize("in_parts", [False, True])
def test_an_upload_goes_to_the_store_and_is_read_from_there(as_role, root, in_parts):
    user = as_role("user")
    if in_parts:
        key = user.post(f"{API}/uploads/parts", params={"name": "c.csv", "size": len(CSV)}).json()["key"]
        user.patch(f"{API}/uploads/parts/{key}?offset=0", content=CSV[:99].encode())
        uri = user.patch(f"{API}/uploads/parts/{key}?offset=99", content=CSV[99:].encode()).json()["dataset_uri"]
    else:
        uri = user.post(f"{API}/uploads", params={"name": "c.csv"}, content=CSV.encode()).json()["dataset_uri"]
    assert uri.startswith(f"{root}/uploads/")
    assert keys("runs/uploads/") == {uri.removeprefix("s3://bucket/")}
    assert not list((scratch_root() / "uploads").iterdir())
    assert user.post(f"{API}/inspect", json={"dataset_uri": uri}).json()["n_rows"] == 60


def test_a_store_that_is_away_is_said(as_role, afar, endpoint):
    endpoint.stop()
    answer = as_role("viewer").get(f"{RUN}/artifacts/report/report.html")
    endpoint.start()
    assert afar.address
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


@pytest.mark.slow
def test_a_model_on_s3_predicts(as_role, root, known_run, trained_runs, tmp_path):
    shutil.copytree(trained_runs("tabular_classification").folder, tmp_path / "here")
    trained = open_run(str(tmp_path / "here"))
    execute("export", trained)
    run = create_run(root, "sample", trained.path(layout.JOB).read_text(), "1")
    shutil.copytree(trained.path(layout.EXPORT), run.path(layout.EXPORT), dirs_exist_ok=True)
    run.store.push(layout.EXPORT)
    shutil.rmtree(scratch_root())
    known_run("predicts", run.address)
    client, url = as_role("viewer"), f"{API}/runs/generate_network/predicts/predictions"
    table = Path(trained.read_job()["dataset_uri"])
    with table.open(newline="") as file:
        first = next(csv.DictReader(file))
    (said,) = client.post(url, json={"rows": [first]}).json()
    listed = client.post(
        f"{url}/file?name=rows.csv", content=table.read_bytes(), headers={"Accept": "application/json"}
    )
    assert listed.json()[0]["prediction"] == said["prediction"]
    answer = client.post(f"{url}/file?name=rows.csv", content=table.read_bytes())
    assert len(answer.text.splitlines()) == len(table.read_text().splitlines())
