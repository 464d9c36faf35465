"""A real S3 endpoint over HTTP (moto's) that notes what it is asked, and can go away, come back and refuse."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

REFUSAL = "<?xml version='1.0'?><Error><Code>{}</Code><Message>StringToSign s3cret</Message></Error>"


class Endpoint:
    """`requests` holds (method, key) of what was asked; `refuse_with` makes it answer every request with that code."""

    def __init__(self) -> None:
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
