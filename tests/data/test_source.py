from __future__ import annotations

import ipaddress
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from s3_endpoint import Endpoint

from nas_core.data import http, source
from nas_core.data.address import holds_password, shown
from nas_core.data.limits import limits
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
    monkeypatch.setattr(http, "WAITS", (0.0, 0.0))
    monkeypatch.setenv("NAS_PRIVATE_HOSTS", "127.0.0.1")
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
    assert source.fetch(str(path), tmp_path / "downloads") == [source.File(path, "t.csv")]
    assert source.fetch(f"file://{path}", tmp_path / "downloads") == [source.File(path, "t.csv")]
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
        ("{}/empty", "the folder .* holds none"),
        ("{}/*.txt", "none matches"),
        ("ftp://host/t.csv", "begin with s3://"),
    ],
)
def test_an_address_without_a_file_is_said_so(tmp_path: Path, uri: str, words: str) -> None:
    (tmp_path / "t.csv").write_bytes(CONTENT)
    (tmp_path / "empty").mkdir()
    for action in (source.fingerprint, lambda uri: source.fetch(uri, tmp_path)):
        with pytest.raises(JobError, match=words):
            action(uri.format(tmp_path))


@pytest.mark.parametrize("name", ["t.csv", "plain.csv", "t.csv?token=1", "flaky.csv"])
def test_http_is_streamed_to_disk(site: str, tmp_path: Path, name: str) -> None:
    (file,) = source.fetch(f"{site}/{name}", tmp_path)
    assert file.path.read_bytes() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == [name.partition("?")[0]]


@pytest.mark.parametrize("name", ["t.csv", "plain.csv"])
def test_the_fingerprint_of_a_page_changes_with_it(site: str, name: str) -> None:
    before = source.fingerprint(f"{site}/{name}")
    assert source.fingerprint(f"{site}/{name}") == before
    Handler.content = CONTENT + b"3,4\n"
    assert source.fingerprint(f"{site}/{name}") != before


def test_a_download_that_is_there_is_used_again(site: str, tmp_path: Path) -> None:
    source.fetch(f"{site}/t.csv", tmp_path)[0].path.write_bytes(b"kept")
    assert source.fetch(f"{site}/t.csv", tmp_path)[0].path.read_bytes() == b"kept"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/none.csv", "says 404"),
        ("/page.html", "a web page"),
        ("/moved.csv", "at 169.254.169.254, which is not public"),
    ],
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


PUBLIC = "203.0.114.1"
HOSTS = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0.0.0.0",
    "127.1",
    "2130706433",
    "10.0.0.1",
    "192.168.1.1",
]
HOSTS += [
    "100.64.0.1",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00::1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "224.0.0.1",
]


@pytest.mark.parametrize("host", HOSTS)
def test_only_public_hosts_are_asked(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("NAS_PRIVATE_HOSTS", "")
    for action in (source.fingerprint, lambda uri: source.fetch(uri, tmp_path)):
        with pytest.raises(JobError, match=r"not public.*NAS_PRIVATE_HOSTS"):
            action(f"http://{host}:{site.rpartition(':')[2]}/t.csv")


@pytest.mark.parametrize("allowed", ["127.0.0.1", "127.0.0.0/8", "10.0.0.0/8, localhost"])
def test_a_service_can_allow_hosts(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: str) -> None:
    monkeypatch.setenv("NAS_PRIVATE_HOSTS", allowed)
    monkeypatch.setattr(http, "_addresses", lambda _: [ipaddress.ip_address("127.0.0.1")])
    host = "localhost" if "localhost" in allowed else "127.0.0.1"
    assert source.fetch(site.replace("127.0.0.1", host) + "/t.csv", tmp_path)


def test_a_name_that_changes_its_address_is_not_followed(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is judged, private when it is connected to."""
    monkeypatch.setenv("NAS_PRIVATE_HOSTS", "")
    asked: list[str] = []

    def resolve(host: str, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        if host == PUBLIC:
            raise OSError("no way there")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC if len(asked) < 3 else "127.0.0.1", port))]

    port = int(site.rpartition(":")[2])
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(JobError, match="not public"):
        source.fetch(f"http://rebinding.example:{port}/t.csv", tmp_path)
    assert asked[:3] == ["rebinding.example", "rebinding.example", PUBLIC]  # connected to as it was judged


def test_a_download_has_a_limit(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_MAX_DOWNLOAD_MB", "0")
    with pytest.raises(JobError, match=r"at most 0 MB \(`NAS_MAX_DOWNLOAD_MB`\)"):
        source.fetch(f"{site}/t.csv", tmp_path)
    assert not list(tmp_path.glob("t.csv"))


def test_a_limit_that_is_no_number_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS_MAX_ROWS", "many")
    with pytest.raises(JobError, match="`NAS_MAX_ROWS` must be a whole number, but got 'many'"):
        limits()


def test_a_folder_and_a_pattern_give_the_files_below(tmp_path: Path) -> None:
    for name in ("b/2.csv", "a/1.csv", "a/_SUCCESS", ".hidden", "a/.crc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(CONTENT)
    assert [file.name for file in source.fetch(str(tmp_path), tmp_path)] == ["a/1.csv", "b/2.csv"]
    assert [file.name for file in source.fetch(f"{tmp_path}/*/*.csv", tmp_path)] == ["a/1.csv", "b/2.csv"]
    before = source.fingerprint(str(tmp_path))
    assert source.fingerprint(str(tmp_path)) == before
    (tmp_path / "b/2.csv").write_bytes(CONTENT * 2)
    assert source.fingerprint(str(tmp_path)) != before


def test_a_service_reads_its_own_folders_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "t.csv").write_bytes(CONTENT)
    (inside / "link.csv").symlink_to(outside / "t.csv")
    monkeypatch.setenv("NAS_DATA_FOLDERS", str(inside))
    assert source.fetch(f"{inside}/t.csv", tmp_path)
    refused = [f"{outside}/t.csv", f"{inside}/../out/t.csv", f"{inside}/link.csv", str(outside), f"{outside}/*.csv"]
    refused += [
        f"file://{outside}/t.csv",
        "/etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
        f"{outside}/none.csv",
        str(inside),
    ]
    for uri in refused:
        with pytest.raises(JobError, match="NAS_DATA_FOLDERS"):
            source.fetch(uri, tmp_path)
    monkeypatch.setenv("NAS_DATA_FOLDERS", "")
    with pytest.raises(JobError, match="NAS_DATA_FOLDERS"):
        source.fetch(f"{inside}/t.csv", tmp_path)


def test_a_device_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="is a device or the like"):
        source.fetch("/dev/zero", tmp_path)


@pytest.mark.usefixtures("bucket")
def test_s3(tmp_path: Path) -> None:
    before = source.fingerprint("s3://bucket/in/t.csv")
    assert source.fetch("s3://bucket/in/t.csv", tmp_path)[0].path.read_bytes() == CONTENT
    boto3.client("s3").put_object(Bucket="bucket", Key="in/t.csv", Body=b"other")
    assert source.fingerprint("s3://bucket/in/t.csv") != before


@pytest.mark.usefixtures("bucket")
def test_s3_without_the_object(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"s3://bucket/none\.csv must exist"):
        source.fetch("s3://bucket/none.csv", tmp_path)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("uri", ["s3://bucket/many/", "s3://bucket/many/*.csv"])
def test_s3_prefix_and_pattern(tmp_path: Path, uri: str) -> None:
    client = boto3.client("s3")
    for key in ("many/b/x.csv", "many/a/x.csv", "many/_SUCCESS"):
        client.put_object(Bucket="bucket", Key=key, Body=key.encode())
    files = source.fetch(uri, tmp_path)
    assert [(file.name, file.path.read_text()) for file in files] == [
        ("a/x.csv", "many/a/x.csv"),
        ("b/x.csv", "many/b/x.csv"),
    ]
    before = source.fingerprint(uri)
    client.put_object(Bucket="bucket", Key="many/a/x.csv", Body=b"other")
    assert source.fingerprint(uri) != before


@pytest.mark.usefixtures("bucket")
def test_s3_without_objects_at_the_prefix(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="there are none at 's3://bucket/nothing/'"):
        source.fetch("s3://bucket/nothing/", tmp_path)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://user:s3cret@host/t.csv?sig=s3cret#s3cret", "https://host/t.csv"),
        ("postgresql://u:s3/cr@et@host/db", "postgresql://host/db"),
        ("postgresql+psycopg://host/db?password=s3cret", "postgresql+psycopg://host/db"),
        ("s3://key:s3cret@bucket/k", "s3://bucket/k"),
        ("sqlite:////tmp/a.db", "sqlite:////tmp/a.db"),
        ("/data/a@b?c.csv", "/data/a@b?c.csv"),
        ("https://host:8080/@user/t.csv", "https://host:8080/@user/t.csv"),
    ],
)
def test_no_secret_of_an_address_is_shown(uri: str, expected: str) -> None:
    assert shown(uri) == expected
    assert holds_password(uri) == ("s3cret" in uri or "s3/cr" in uri)
