"""What the routes do, inside a real Airflow application."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import threading
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from nas_core.runs import layout
from nas_core.runs.run import open_run
from nas_core.tasks.image_classification.sample import write_sample as write_pictures

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


def test_a_preview_is_made_once_until_its_file_changes(user, monkeypatch):
    question = {"dataset_uri": upload(user).json()["dataset_uri"]}
    first = user.post(f"{API}/inspect", json=question).json()
    with monkeypatch.context() as patched:
        patched.setattr("nas_core.web.apart.SECONDS", 0.001)  # nothing can be read in that
        assert user.post(f"{API}/inspect", json=question).json() == first
    Path(question["dataset_uri"]).write_text(CSV + "20,free,0\n")
    assert user.post(f"{API}/inspect", json=question).json()["n_rows"] == first["n_rows"] + 1


@pytest.mark.slow  # SQLite waits for five seconds
def test_a_run_is_started_though_the_database_was_busy(user, viewer):
    from airflow.settings import engine

    if engine.url.get_backend_name() != "sqlite":
        pytest.skip("Another database takes several writers at a time.")
    writer = sqlite3.connect(engine.url.database, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    end = threading.Timer(6, writer.rollback)
    end.start()
    started = user.post(f"{API}/runs", json={"dataset_uri": "s3://lake/a.csv", "target": "y", "name": "patience"})
    end.join()
    writer.close()
    assert started.status_code == 201, started.text
    found = viewer.get(f"{API}/runs?search=patience").json()["runs"]
    assert [run["run_id"] for run in found] == [started.json()["run_id"]]


def test_it_may_live_below_a_path(airflow_app, token_of):
    from starlette.testclient import TestClient

    client = TestClient(airflow_app, root_path="/air", headers={"Authorization": f"Bearer {token_of('user')}"})
    assert "page/main.js" in client.get("/air/nas/").text
    started = client.post(f"/air{API}/runs", json={"dataset_uri": "s3://lake/a.csv", "target": "y"}).json()["url"]
    assert started.startswith(f"/air{API}/runs/")
    assert client.get(started).json()["state"] == "queued"
    assert client.get(f"/air{API}/openapi.json").json()["servers"] == [{"url": "/air/nas"}]


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


def test_what_is_wrong_is_said_in_russian_too(user):
    user.headers["Accept-Language"] = "ru-RU,ru;q=0.9"
    is_problem(user.post(f"{API}/runs", json={"dataset_uri": "a.csv", "budget_minutes": 0}), 422, "обязательно")
    uri = upload(user, "%PDF-1.4 …").json()["dataset_uri"]
    problem = is_problem(user.post(f"{API}/inspect", json={"dataset_uri": uri}), 422, "это документ PDF")
    assert problem["errors"][0]["field"] == "dataset_uri"
    uri = upload(user, "age,plan,churned\n" + "7,free,0\n7,pro,1\n" * 30).json()["dataset_uri"]
    seen = user.post(f"{API}/inspect", json={"dataset_uri": uri}).json()
    assert "отложен" in next(found["message"] for found in seen["findings"] if found["column"] == "age")


def test_an_upload_has_limits(user, monkeypatch, runs_root):
    monkeypatch.setenv("NAS_MAX_DOWNLOAD_MB", "1")
    before = set((runs_root / "uploads").rglob("*"))
    is_problem(upload(user, "x" * (2 << 20)), 413, "NAS_MAX_DOWNLOAD_MB")
    is_problem(upload(user, ""), 422, "empty")
    assert set((runs_root / "uploads").rglob("*")) == before


PARTS = f"{API}/uploads/parts"


def begin(client, text=CSV):
    return client.post(PARTS, params={"name": "customers.csv", "size": len(text)}).json()["key"]


def test_an_upload_comes_in_parts_and_goes_on_where_it_stopped(user, runs_root):
    key = begin(user)
    assert user.patch(f"{PARTS}/{key}?offset=0", content=CSV[:100].encode()).json()["bytes"] == 100
    is_problem(user.patch(f"{PARTS}/{key}?offset=50", content=b"x"), 409, "100")
    assert user.get(f"{PARTS}/{key}").json() == {"key": key, "bytes": 100, "size": len(CSV), "dataset_uri": None}
    whole = user.patch(f"{PARTS}/{key}?offset=100", content=CSV[100:].encode()).json()
    assert Path(whole["dataset_uri"]).read_text() == CSV
    assert [path.name for path in (runs_root / "uploads" / key).iterdir()] == ["customers.csv"]
    assert user.post(f"{API}/inspect", json={"dataset_uri": whole["dataset_uri"]}).json()["n_rows"] == 60
    is_problem(user.patch(f"{PARTS}/{key}?offset=0", content=b"x"), 404, "whole")


def test_parts_have_limits_and_one_owner(user, operator, monkeypatch):
    key = begin(user)
    is_problem(operator.get(f"{PARTS}/{key}"), 404, "no such upload")
    is_problem(operator.patch(f"{PARTS}/{key}?offset=0", content=b"x"), 404, "no such upload")
    is_problem(user.patch(f"{PARTS}/{key}?offset=0", content=b"x" * (len(CSV) + 1)), 413, "larger")
    is_problem(user.post(PARTS, params={"name": "a.csv", "size": 0}), 422, "empty")
    monkeypatch.setenv("NAS_MAX_DOWNLOAD_MB", "1")
    is_problem(user.post(PARTS, params={"name": "a.csv", "size": 2 << 20}), 413, "NAS_MAX_DOWNLOAD_MB")
    assert user.get(f"{PARTS}/..%2f..%2fuploads").status_code in (404, 422)


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


def send_file(client, path):
    return client.post(f"{API}/uploads", params={"name": path.name}, content=path.read_bytes()).json()["dataset_uri"]


def test_pictures_are_looked_at(user, tmp_path):
    archive = Path(write_pictures(tmp_path)["dataset_uri"])
    seen = user.post(f"{API}/inspect", json={"dataset_uri": send_file(user, archive)}).json()
    assert (seen["target"], seen["task"], seen["is_whole"]) == ("label", "image_classification", True)
    pictures = seen["pictures"]
    assert (pictures["n"], pictures["shape"]) == (400, [20, 20, 1])
    assert {group["value"]: group["n"] for group in pictures["groups"]} == {"ring": 209, "cross": 191}
    assert {one["value"] for one in pictures["shown"]} == {"ring", "cross"}
    for one in pictures["shown"]:
        kind, content = one["uri"].split(";base64,")
        assert kind == "data:image/jpeg"
        assert Image.open(io.BytesIO(base64.b64decode(content))).size == (20, 20)


def test_broken_pictures_are_counted(user, tmp_path):
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for k in range(12):
            file = io.BytesIO()
            Image.new("RGB", (30, 20 + k), (20 * k, 90, 90)).save(file, "PNG")
            archive.writestr(f"{'cat' if k % 2 else 'dog'}/{k}.png", b"no picture" if k == 5 else file.getvalue())
    seen = user.post(f"{API}/inspect", json={"dataset_uri": send_file(user, tmp_path / "pets.zip")}).json()
    assert "1 picture of 12 cannot be read." in [found["message"] for found in seen["findings"]]
    assert seen["n_rows"] == 11


def test_a_database_is_looked_at_through_a_connection(user, tmp_path, monkeypatch):
    database = sqlite3.connect(tmp_path / "shop.db")
    database.execute("CREATE TABLE customers (age INTEGER, plan TEXT, churned TEXT)")
    database.executemany("INSERT INTO customers VALUES (?, ?, ?)", [row.split(",") for row in ROWS])
    database.commit()
    database.close()
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "shop.db")}))
    question = {"dataset_uri": "airflow://shop", "query": "SELECT * FROM customers"}
    seen = user.post(f"{API}/inspect", json=question).json()
    assert (seen["target"], seen["n_rows"], seen["rows"][0]) == ("churned", 60, ["20", "free", "0"])
    is_problem(user.post(f"{API}/inspect", json={"dataset_uri": "airflow://shop"}), 422, "query")
    is_problem(user.post(f"{API}/inspect", json=question | {"dataset_uri": "airflow://none"}), 422, "'none'")
    elsewhere = question | {"dataset_uri": f"sqlite:///{tmp_path}/shop.db"}
    is_problem(user.post(f"{API}/inspect", json=elsewhere), 422, "Airflow connection")
