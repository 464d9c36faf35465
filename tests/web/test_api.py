"""What the routes do, inside a real Airflow application."""

from __future__ import annotations

import json

import pytest

from nas_core.runs import layout
from nas_core.runs.run import open_run

API = "/nas/api/v1"
RUN = f"{API}/runs/generate_network/finished"
ROWS = [f"{20 + row * 7 % 31},{'pro' if row % 3 else 'free'},{row % 2}" for row in range(60)]
CSV = "\n".join(["age,plan,churned", *ROWS, ""])


@pytest.fixture
def viewer(as_role):
    return as_role("viewer")


@pytest.fixture
def user(as_role):
    return as_role("user")


@pytest.fixture
def operator(as_role):
    return as_role("op")


def is_problem(answer, status, word):
    body = answer.json()
    assert answer.status_code == body["status"] == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in body["detail"]
    return body


def upload(client, text=CSV, name="customers.csv"):
    return client.post(f"{API}/uploads", params={"name": name}, content=text.encode())


def test_who_is_signed_in(viewer, operator):
    assert viewer.get(f"{API}/me").json() == {"name": "a viewer", "may_run": False, "may_operate": False}
    assert operator.get(f"{API}/me").json()["may_operate"]


def test_from_an_upload_to_a_started_run(user, viewer):
    uploaded = upload(user).json()
    assert uploaded["bytes"] == len(CSV)
    seen = user.post(f"{API}/inspect", json={"dataset_uri": uploaded["dataset_uri"]}).json()
    assert (seen["target"], seen["task"], seen["n_rows"]) == ("churned", "tabular_classification", 60)
    assert [column["type"] for column in seen["columns"]][:2] == ["numeric", "categorical"]
    assert seen["rows"][0] == ["20", "free", "0"]
    job = {"dataset_uri": uploaded["dataset_uri"], "target": "churned", "name": "churn"}
    started = user.post(f"{API}/runs", json=job)
    assert started.status_code == 201, started.text
    status = viewer.get(started.json()["url"]).json()
    assert (status["state"], status["name"], status["user"]) == ("queued", "churn", "a user")
    assert [stage["name"] for stage in status["stages"]] == list(layout.STAGES)
    assert started.json()["run_id"] in [run["run_id"] for run in viewer.get(f"{API}/runs?search=churn").json()["runs"]]


def test_a_job_that_breaks_rules_is_refused_with_every_field(user):
    answer = user.post(f"{API}/runs", json={"dataset_uri": "a.csv", "budget_minutes": 0, "speed": 1})
    fields = {error["field"] for error in is_problem(answer, 422, "budget_minutes")["errors"]}
    assert fields == {"budget_minutes", "target", "speed"}


def test_a_root_elsewhere_is_refused(user):
    job = {"dataset_uri": "a.csv", "target": "y", "root": "/etc"}
    is_problem(user.post(f"{API}/runs", json=job), 422, "root")


@pytest.mark.parametrize(
    ("text", "word"),
    [("%PDF-1.4 …", "PDF"), ("only,a,header\n", "rows"), ("\x89PNG\r\n", "picture"), ("a,a\n1,2\n", "more than once")],
)
def test_a_bad_file_is_explained(user, text, word):
    uri = user.post(f"{API}/uploads", params={"name": "x.csv"}, content=text.encode("latin-1", "replace")).json()
    problem = is_problem(user.post(f"{API}/inspect", json={"dataset_uri": uri["dataset_uri"]}), 422, word)
    assert problem["errors"][0]["field"] == "dataset_uri"


def test_an_upload_has_limits(user, monkeypatch, runs_root):
    monkeypatch.setenv("NAS_MAX_DOWNLOAD_MB", "1")
    before = set((runs_root / "uploads").rglob("*"))
    is_problem(upload(user, "x" * (2 << 20)), 413, "NAS_MAX_DOWNLOAD_MB")
    is_problem(upload(user, ""), 422, "empty")
    assert set((runs_root / "uploads").rglob("*")) == before


def test_only_uploads_and_given_folders_are_read(user, tmp_path, runs_root):
    secret = tmp_path / "secret.csv"
    secret.write_text(CSV)
    upload(user)
    for address in (secret, f"{runs_root}/uploads", f"{runs_root}/uploads/*/*.csv", f"{runs_root}/uploads/../x.csv"):
        is_problem(user.post(f"{API}/inspect", json={"dataset_uri": str(address)}), 422, "NAS_DATA_FOLDERS")


@pytest.mark.usefixtures("finished_run")
def test_a_finished_run_is_told(viewer):
    status = viewer.get(RUN).json()
    assert (status["state"], status["value"], status["search"]["n_candidates"]) == ("success", 0.0912, 30)
    assert status["search"]["best"]["score"] == max(
        line["score"] for line in viewer.get(f"{RUN}/candidates").json()["candidates"] if line["score"] is not None
    )
    assert "secret" not in viewer.get(RUN).text
    assert viewer.get(f"{API}/runs/generate_network/nothing").status_code == 404


@pytest.mark.usefixtures("finished_run")
def test_candidates_come_from_an_offset_on(viewer):
    part = viewer.get(f"{RUN}/candidates", params={"offset": 10, "limit": 5}).json()
    assert (part["total"], [one["number"] for one in part["candidates"]]) == (30, [10, 11, 12, 13, 14])
    failed = [one for one in part["candidates"] if one["score"] is None]
    assert all(one["error"] for one in failed)
    assert len(part["rows"]) == len(part["candidates"][0]["thoughts"])


def read_events(answer):
    blocks = [block.split("\n") for block in answer.text.split("\n\n") if block.startswith("event:")]
    return [(lines[0][7:], int(lines[1][4:]), json.loads(lines[2][6:])) for lines in blocks]


@pytest.mark.usefixtures("finished_run")
def test_events_tell_everything_once_and_go_on_where_they_were(viewer):
    events = read_events(viewer.get(f"{RUN}/events"))
    assert [kind for kind, _, _ in events] == ["candidates", "status", "end"]
    assert events[0][1] == len(events[0][2]["candidates"]) == 30
    again = read_events(viewer.get(f"{RUN}/events", headers={"Last-Event-ID": "28"}))
    assert [one["number"] for one in again[0][2]["candidates"]] == [28, 29]


@pytest.mark.usefixtures("finished_run")
def test_artifacts_have_ranges_and_stay_apart(viewer):
    names = [each["path"] for each in viewer.get(f"{RUN}/artifacts").json()]
    assert "export/model.tflite" in names
    part = viewer.get(f"{RUN}/artifacts/export/model.tflite", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, b"tttt")
    assert part.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in part.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    ["..%2f..%2fsecret", "%2e%2e/%2e%2e/secret", "/etc/passwd", "search/.lock", "secret", "report/%00", "train"],
)
def test_no_path_leaves_the_run(viewer, finished_run, path):
    (finished_run.folder.parent / "secret").write_text("secret")
    (finished_run.folder / "secret").write_text("secret")
    (finished_run.folder / "search" / ".lock").write_text("secret")
    answer = viewer.get(f"{RUN}/artifacts/{path}")
    assert answer.status_code in (404, 422)
    assert "secret" not in answer.text or path in answer.text


def test_a_link_out_of_the_run_leads_nowhere(viewer, finished_run):
    (finished_run.folder / "export" / "out").symlink_to("/etc/passwd")
    assert viewer.get(f"{RUN}/artifacts/export/out").status_code == 404
    assert "export/out" not in viewer.get(f"{RUN}/artifacts").text


def test_a_run_elsewhere_is_not_opened(viewer, known_run, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "x").write_text("x")
    known_run("elsewhere", str(tmp_path))
    url = f"{API}/runs/generate_network/elsewhere"
    assert viewer.get(f"{url}/artifacts/report/x").status_code == 403
    assert viewer.get(url).json()["search"] is None


def test_stop_asks_the_search(operator, known_run, finished_run):
    known_run("running", finished_run.address, state="running")
    assert operator.post(f"{API}/runs/generate_network/running/stop").status_code == 202
    assert open_run(finished_run.address).is_stopped()
    assert operator.get(f"{API}/runs/generate_network/running").json()["is_stopped"]
    is_problem(operator.post(f"{RUN}/stop"), 409, "ended")


def test_delete_removes_the_files_and_the_entry(operator, known_run, finished_run):
    known_run("busy", finished_run.address, state="running")
    is_problem(operator.delete(f"{API}/runs/generate_network/busy"), 409, "not over")
    assert operator.delete(RUN).status_code == 204
    assert not finished_run.folder.exists()
    assert operator.get(RUN).status_code == 404


def test_a_run_at_work_is_not_deleted(operator, finished_run):
    with finished_run.store.lock("report"):
        is_problem(operator.delete(RUN), 422, "working")
    assert finished_run.path(layout.JOB).exists()


def test_the_interface_is_described(viewer):
    described = viewer.get(f"{API}/openapi.json").json()
    assert "/api/v1/runs/{dag_id}/{run_id}/candidates" in described["paths"]


@pytest.mark.usefixtures("finished_run")
def test_what_has_not_changed_is_not_sent_again(viewer):
    for url in (RUN, f"{RUN}/candidates", f"{API}/runs"):
        first = viewer.get(url)
        again = viewer.get(url, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["cache-control"] == "private, no-cache"
