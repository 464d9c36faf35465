from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path
from threading import Timer
from time import monotonic

import pytest
from s3_endpoint import Endpoint

from nas_core.errors import JobError
from nas_core.runs.records import append_line, read_lines
from nas_core.runs.run import Run, create_run, open_run
from nas_core.runs.s3 import s3_client
from nas_core.runs.s3_store import S3Store
from nas_core.runs.store import StoreAwayError

ADDRESS = "s3://bucket/runs/one"


def here(tmp_path: Path, machine: str = "a", **kwargs: float) -> S3Store:
    """The run's store as seen from one machine: with a scratch folder of its own."""
    return S3Store(ADDRESS, tmp_path / machine, **kwargs)


def write(store: S3Store, **files: str) -> None:
    """Write files below search/; `__` in a name is a folder, `_` before the end its dot."""
    for name, text in files.items():
        path = store.folder / "search" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def kept() -> set[str]:
    objects = s3_client().list_objects_v2(Bucket="bucket", Prefix="runs/one/").get("Contents", [])
    return {o["Key"].removeprefix("runs/one/") for o in objects if not o["Key"].endswith(".writer")}


def files(store: S3Store) -> dict[str, str]:
    paths = (store.folder / "search").rglob("[!.]*")
    return {str(p.relative_to(store.folder / "search")): p.read_text() for p in paths if p.is_file()}


@pytest.mark.usefixtures("endpoint")
def test_what_is_pushed_here_is_pulled_there(tmp_path: Path) -> None:
    a, b = here(tmp_path, "a"), here(tmp_path, "b")
    write(a, best="1", weights__x="abc", empty="")
    a.push("search")
    b.pull("search")
    assert files(b) == {"best": "1", "weights/x": "abc", "empty": ""}


def test_only_what_changed_travels(endpoint: Endpoint, tmp_path: Path) -> None:
    a, b = here(tmp_path, "a"), here(tmp_path, "b")
    write(a, best="1", weights__x="abc")
    a.push("search")
    b.pull("search")
    endpoint.requests.clear()
    a.push("search")
    assert endpoint.asked("PUT") == []
    write(a, best="2")
    a.push("search")
    assert endpoint.asked("PUT") == ["runs/one/search/best"]
    b.pull("search")
    assert endpoint.asked("GET")[1:] == ["runs/one/search/best"]
    assert files(b)["best"] == "2"


@pytest.mark.usefixtures("endpoint")
def test_a_replaced_file_of_the_same_size_and_time_travels(tmp_path: Path) -> None:
    store = here(tmp_path)
    write(store, best="1")
    store.push("search")
    path = store.folder / "search/best"
    times = path.stat()
    other = path.with_name("other")
    other.write_text("2")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(path)
    store.push("search")
    assert s3_client().get_object(Bucket="bucket", Key="runs/one/search/best")["Body"].read() == b"2"


@pytest.mark.usefixtures("endpoint")
def test_a_lost_memory_loses_nothing(tmp_path: Path) -> None:
    store = here(tmp_path)
    write(store, best="1")
    store.push("search")
    (store.folder / ".sync/search.json").write_text("torn{")
    store.pull("search")
    store.push("search")
    assert files(store) == {"best": "1"} and kept() == {"search/best"}


@pytest.mark.usefixtures("endpoint")
def test_removed_files_are_removed_on_the_other_side(tmp_path: Path) -> None:
    a, b = here(tmp_path, "a"), here(tmp_path, "b")
    write(a, best="1", weights__x="abc")
    a.push("search")
    b.pull("search")
    (a.folder / "search/weights/x").unlink()
    a.push("search")
    assert kept() == {"search/best"}
    b.pull("search")
    assert files(b) == {"best": "1"}
    assert not (b.folder / "search/weights").exists()


@pytest.mark.usefixtures("endpoint")
def test_one_file_travels_alone(tmp_path: Path) -> None:
    store = here(tmp_path)
    write(store, best="1", best_more="2")
    store.push("search/best")
    assert kept() == {"search/best"}
    (store.folder / "search/best").unlink()
    store.push("search/best")
    assert kept() == set()


def test_done_goes_up_last_and_an_old_one_goes_first(endpoint: Endpoint, tmp_path: Path) -> None:
    store = here(tmp_path)
    write(store, DONE="1", a="1", z="1")
    store.push("search")
    assert endpoint.asked("PUT")[-1] == "runs/one/search/DONE"
    write(store, DONE="2", z="2")
    store.push("search")
    changes = [(m, k.rpartition("/")[2]) for m, k in endpoint.requests if m in ("PUT", "DELETE")]
    assert changes == [("DELETE", "DONE"), ("PUT", "z"), ("PUT", "DONE")]


def test_done_is_never_kept_beside_half_of_a_push(endpoint: Endpoint, tmp_path: Path) -> None:
    store = here(tmp_path, patience=0)
    write(store, DONE="1", a="1")
    store.push("search")

    def refuse_files(method: str, key: str) -> None:
        if method == "PUT" and key.endswith("/a"):
            endpoint.refuse_with = "403 Forbidden", "AccessDenied"

    endpoint.before_request = refuse_files
    write(store, DONE="2", a="2")
    with pytest.raises(JobError):
        store.push("search")
    endpoint.before_request = endpoint.refuse_with = None
    assert kept() == {"search/a"}


@pytest.mark.usefixtures("endpoint")
def test_hidden_files_stay(tmp_path: Path) -> None:
    store = here(tmp_path)
    write(store, **{".lock": "", ".best.json.1.tmp": "half", ".hidden__x": "1", "best": "1"})
    store.push("search")
    assert kept() == {"search/best"}


@pytest.mark.usefixtures("endpoint")
def test_another_writer_takes_over(tmp_path: Path) -> None:
    a, b = here(tmp_path, "a"), here(tmp_path, "b")
    with a.lock("search"):
        write(a, best="1")
        a.push("search")
        with b.lock("search"):
            b.pull("search")
            write(a, best="2")
            with pytest.raises(JobError, match="another process took over"):
                a.push("search")
            write(b, best="3")
            b.push("search")
    b.pull("search")
    assert files(b) == {"best": "3"}


@pytest.mark.usefixtures("endpoint")
def test_one_writer_on_a_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nas_core.runs.s3_store.LOCK_PATIENCE", 0.2)
    first, second = here(tmp_path), here(tmp_path)
    with first.lock("search"):
        with pytest.raises(JobError, match="Another process is working"), second.lock("search"):
            pass
        with second.lock("train"):
            pass
    with second.lock("search"):
        pass


@pytest.mark.usefixtures("endpoint")
def test_a_reader_beside_the_writer_leaves_unpushed_files(tmp_path: Path) -> None:
    writer, reader = here(tmp_path), here(tmp_path)
    with writer.lock("search"):
        write(writer, best="1")
        writer.push("search")
        write(writer, best="2", new="1")
        reader.pull("search")
        assert files(reader) == {"best": "2", "new": "1"}


@pytest.mark.usefixtures("endpoint")
def test_a_longer_ledger_here_is_kept_when_the_stage_goes_on(tmp_path: Path) -> None:
    killed, again = here(tmp_path), here(tmp_path)
    with killed.lock("search"):
        write(killed, **{"key.json": "{}", "candidates.jsonl": '{"number": 0}\n'})
        killed.push("search")
        append_line(killed.folder / "search/candidates.jsonl", {"number": 1})
        write(killed, best="unpushed")
    with again.lock("search"):
        again.pull("search")
        numbers = [line["number"] for line in read_lines(again.folder / "search/candidates.jsonl")]
        assert numbers == [0, 1]
        assert not (again.folder / "search/best").exists()
        again.push("search")
    other = here(tmp_path, "b")
    other.pull("search")
    assert len(list(read_lines(other.folder / "search/candidates.jsonl"))) == 2


@pytest.mark.parametrize("key", ["{}", '{"of": "another job"}'])
@pytest.mark.usefixtures("endpoint")
def test_a_ledger_of_other_lines_or_another_key_is_replaced(tmp_path: Path, key: str) -> None:
    a, b = here(tmp_path, "a"), here(tmp_path, "b")
    for store, lines, its_key in ((a, '{"number": 0}\n{"number": 1}\n', "{}"), (b, '{"number": 9}\n', key)):
        with store.lock("search"):
            store.pull("search")
            write(store, **{"key.json": its_key, "candidates.jsonl": lines})
            store.push("search")
    write(a, **{"candidates.jsonl": '{"number": 0}\n{"number": 1}\n{"number": 2}\n'})
    a.pull("search")
    assert files(a)["candidates.jsonl"] == '{"number": 9}\n'


def test_an_endpoint_that_goes_away_in_a_push_is_waited_for(
    endpoint: Endpoint, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = here(tmp_path, patience=30)
    for number in range(20):
        write(store, **{f"weights__{number}": "x" * 1000})
    went = []

    def go_away(method: str, key: str) -> None:
        if method == "PUT" and not went:
            went.append(key)
            Timer(0, endpoint.stop).start()
            Timer(3, endpoint.start).start()

    endpoint.before_request = go_away
    with caplog.at_level(logging.WARNING, logger="nas"):
        store.push("search")
    assert len(kept()) == 20
    assert "Trying again" in caplog.text


def test_who_does_not_wait_is_told_at_once_and_asks_less(endpoint: Endpoint, tmp_path: Path) -> None:
    store = here(tmp_path)
    write(store, best="1")
    endpoint.stop()
    with pytest.raises(StoreAwayError):
        store.push("search", wait=False)
    started = monotonic()
    for _ in range(100):
        with pytest.raises(StoreAwayError):
            store.push("search", wait=False)
    assert monotonic() - started < 1
    endpoint.start()
    store.push("search")
    assert kept() == {"search/best"}


def test_rejected_credentials_fail_at_once(endpoint: Endpoint, tmp_path: Path) -> None:
    store = here(tmp_path, patience=60)
    write(store, best="1")
    endpoint.refuse_with = "403 Forbidden", "SignatureDoesNotMatch"
    started = monotonic()
    with pytest.raises(JobError, match="rejected them") as caught:
        store.push("search")
    assert monotonic() - started < 5
    assert "s3cret" not in str(caught.value)


@pytest.mark.usefixtures("endpoint")
def test_keys_that_lead_elsewhere_are_left_alone(tmp_path: Path) -> None:
    client = s3_client()
    for key in ("../x", "weights/../../../x", "/etc/x", "a//b", ".lock", "folder/", "file", "file/below", "\\x"):
        client.put_object(Bucket="bucket", Key=f"runs/one/search/{key}", Body=b"bad")
    store = here(tmp_path)
    store.pull("search")
    assert set(files(store)) == {"file/below", "\\x"}
    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {"a/.sync/search.json", "a/search/.lock", "a/search/file/below", "a/search/\\x"}


def test_a_large_file_goes_up_in_parts_once(
    endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas_core.runs.s3_store.SINGLE_UPLOAD", 1 << 20)
    a, b = here(tmp_path, "a"), here(tmp_path, "b")
    write(a, array="0123456789abcdef" * 600_000)
    a.push("search")
    endpoint.requests.clear()
    a.push("search")
    assert endpoint.asked("PUT") == []
    b.pull("search")
    assert files(a) == files(b)


@pytest.mark.usefixtures("endpoint")
def test_a_run_on_s3_is_created_and_read_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = create_run("s3://bucket/runs/", "rings", '{"name": "rings"}', "1")
    assert run.address == "s3://bucket/runs/rings/1"
    monkeypatch.setenv("NAS_SCRATCH", str(tmp_path / "elsewhere"))
    assert open_run(run.address + "/").read_job() == {"name": "rings"}
    with pytest.raises(JobError, match="no run at s3://bucket/runs/rings/2"):
        open_run("s3://bucket/runs/rings/2").read_job()


def test_a_stop_asked_elsewhere_is_seen_and_outlives_an_outage(endpoint: Endpoint, tmp_path: Path) -> None:
    asking, searching = here(tmp_path, "a"), here(tmp_path, "b")
    run = Run(ADDRESS, searching.folder, searching)
    assert not run.is_stopped()
    (asking.folder / "requests").mkdir(parents=True)
    (asking.folder / "requests/stop").touch()
    asking.push("requests/stop")
    assert run.is_stopped()
    endpoint.stop()
    assert run.is_stopped()


@pytest.mark.usefixtures("endpoint")
def test_a_stop_asked_on_this_machine_is_not_pulled_away(tmp_path: Path) -> None:
    store = here(tmp_path)
    (store.folder / "requests").mkdir(parents=True)
    (store.folder / "requests/stop").touch()
    assert Run(ADDRESS, store.folder, store).is_stopped()


@pytest.mark.usefixtures("endpoint")
def test_a_store_travels_to_other_processes(tmp_path: Path) -> None:
    store = here(tmp_path)
    write(store, best="1")
    store.push("search")
    copy = pickle.loads(pickle.dumps(store))
    copy.pull("search")
    assert (copy.address, copy.folder) == (store.address, store.folder)


def test_boto3_is_loaded_only_when_it_works() -> None:
    code = "import sys, nas_core.runs.run; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
