from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from s3_endpoint import Endpoint

from nas_core.data import source
from nas_core.errors import JobError

CONTENT = b"a,b\n1,2\n"


class Handler(BaseHTTPRequestHandler):
    """/t.csv with an ETag, /plain.csv without any, /flaky.csv that fails once, /page.html, /moved.csv, else 404."""

    failures: int
    content = CONTENT

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.path.split("?")[0]
        if path == "/flaky.csv" and not type(self).failures:
            type(self).failures += 1
            self.send_error(503)
            return
        if path == "/moved.csv":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
            self.end_headers()
            return
        if path not in ("/t.csv", "/plain.csv", "/flaky.csv", "/page.html"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if path == "/page.html" else "text/csv")
        if path == "/t.csv":
            self.send_header("ETag", f'"{hash(self.content)}"')
        self.end_headers()
        if body:
            self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(source, "WAITS", (0.0, 0.0))
    Handler.failures, Handler.content = 0, CONTENT
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    endpoint = Endpoint()
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NAS_S3_PATIENCE": "1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="in/t.csv", Body=CONTENT)
    yield endpoint
    endpoint.stop()


def test_a_local_file_is_used_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(CONTENT)
    assert source.fetch(str(path), tmp_path / "downloads") == path
    assert source.fetch(f"file://{path}", tmp_path / "downloads") == path
    assert not (tmp_path / "downloads").exists()


def test_the_fingerprint_of_a_file_changes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(CONTENT)
    before = source.fingerprint(str(path))
    assert source.fingerprint(str(path)) == before
    os.utime(path, ns=(1, 1))
    assert source.fingerprint(str(path)) != before


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("{}/t.cvs", "there is none at .*did you mean 't.csv'"),
        ("{}", "is a folder"),
        ("ftp://host/t.csv", "begin with s3://"),
    ],
)
def test_an_address_without_a_file_is_said_so(tmp_path: Path, uri: str, words: str) -> None:
    (tmp_path / "t.csv").write_bytes(CONTENT)
    for action in (source.fingerprint, lambda uri: source.fetch(uri, tmp_path)):
        with pytest.raises(JobError, match=words):
            action(uri.format(tmp_path))


@pytest.mark.parametrize("name", ["t.csv", "plain.csv", "t.csv?token=1", "flaky.csv"])
def test_http_is_streamed_to_disk(site: str, tmp_path: Path, name: str) -> None:
    path = source.fetch(f"{site}/{name}", tmp_path)
    assert path.read_bytes() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == [name.partition("?")[0]]


@pytest.mark.parametrize("name", ["t.csv", "plain.csv"])
def test_the_fingerprint_of_a_page_changes_with_it(site: str, name: str) -> None:
    before = source.fingerprint(f"{site}/{name}")
    assert source.fingerprint(f"{site}/{name}") == before
    Handler.content = CONTENT + b"3,4\n"
    assert source.fingerprint(f"{site}/{name}") != before


def test_a_download_that_is_there_is_used_again(site: str, tmp_path: Path) -> None:
    source.fetch(f"{site}/t.csv", tmp_path).write_bytes(b"kept")
    assert source.fetch(f"{site}/t.csv", tmp_path).read_bytes() == b"kept"


@pytest.mark.parametrize(
    ("path", "words"),
    [("/none.csv", "says 404"), ("/page.html", "a web page"), ("/moved.csv", "may fetch, but '169.254.169.254'")],
)
def test_http_answers_that_are_no_table(site: str, tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(JobError, match=words):
        source.fetch(site + path, tmp_path)
    assert not list(tmp_path.glob("*.csv"))


def test_a_host_that_does_not_answer(site: str, tmp_path: Path) -> None:
    assert site  # its fixture makes the attempts follow at once
    with pytest.raises(JobError, match=r"cannot: ") as caught:
        source.fetch("http://user:s3cret@127.0.0.1:9/t.csv?sig=s3cret", tmp_path)
    assert "s3cret" not in str(caught.value)


def test_a_public_service_fetches_no_private_address(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAS_PUBLIC_ONLY", "1")
    with pytest.raises(JobError, match="may fetch"):
        source.fetch(f"{site}/t.csv", tmp_path)


@pytest.mark.usefixtures("bucket")
def test_s3(tmp_path: Path) -> None:
    before = source.fingerprint("s3://bucket/in/t.csv")
    assert source.fetch("s3://bucket/in/t.csv", tmp_path).read_bytes() == CONTENT
    boto3.client("s3").put_object(Bucket="bucket", Key="in/t.csv", Body=b"other")
    assert source.fingerprint("s3://bucket/in/t.csv") != before


@pytest.mark.usefixtures("bucket")
def test_s3_without_the_object(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"s3://bucket/none\.csv must exist"):
        source.fetch("s3://bucket/none.csv", tmp_path)
