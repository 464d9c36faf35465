"""A real S3 endpoint over HTTP (moto's) that notes what it is asked, and can go away, come back and refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

REFUSAL = "<?xml version='1.0'?><Error><Code>{}</Code><Message>StringToSign s3cret</Message></Error>"


class Endpoint:
    """`requests` holds (method, key) of what was asked; `refuse_with` makes it answer every request with that code."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        self.app = DomainDispatcherApplication(create_backend_app)
        self.port = 0
        self.requests: list[tuple[str, str]] = []
        self.refuse_with: tuple[str, str] | None = None
        self.before_request: Callable[[str, str], None] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        from werkzeug.serving import make_server

        self.server = make_server("127.0.0.1", self.port, self, threaded=True)
        self.port = self.server.server_port
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        method, key = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/bucket").lstrip("/")
        if self.before_request:
            self.before_request(method, key)
        self.requests.append((method, key))
        if self.refuse_with:
            status, code = self.refuse_with
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(status, [("Content-Type", "application/xml")])
            return [] if method == "HEAD" else [REFUSAL.format(code).encode()]
        return self.app(environ, start_response)

    def asked(self, method: str) -> list[str]:
        """The keys asked for with this method since the last call; tokens left out."""
        keys = [key for m, key in self.requests if m == method and not key.endswith(".writer")]
        self.requests.clear()
        return keys


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Endpoint]:
    """An S3 endpoint of its own, with a bucket named `bucket`, to which the environment points."""
    from moto.backends import get_backend

    from nas_core.runs.s3 import s3_client

    get_backend("s3").reset()
    endpoint = Endpoint()
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("NAS_SCRATCH", str(tmp_path / "scratch"))
    s3_client().create_bucket(Bucket="bucket")
    endpoint.requests.clear()
    yield endpoint
    with suppress(Exception):
        endpoint.stop()
