"""Bring what lies behind an address to a local file, and tell when it has changed.

Problems are worded without the field's name ("must be …, but …"): the caller knows which field holds the address.
"""

from __future__ import annotations

import difflib
import hashlib
import ipaddress
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from nas_core.errors import JobError
from nas_core.runs.run import safe_name

if TYPE_CHECKING:
    import httpx
    from mypy_boto3_s3 import S3Client

log = logging.getLogger("nas")

WAITS = (0.5, 2.0)  # seconds before the second and the third attempt
TIMEOUT = 30.0
CHUNK = 1 << 20


def fetch(uri: str, folder: Path) -> Path:
    """Return a local path with the content of `uri`: the file itself, or a download below `folder`.

    Args:
        uri: a path, ``file://…``, ``s3://bucket/key`` or ``http(s)://…``.
        folder: where a download goes, streamed; one that is complete already is used again.

    Raises:
        JobError: nothing is there, or it cannot be reached.
    """
    scheme = _scheme(uri)
    if scheme == "file":
        return _local(uri)
    target = folder / safe_name(unquote(urlsplit(uri).path).rsplit("/", 1)[-1])
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        _FETCH[scheme](uri, part)
        part.replace(target)
    return target


def fingerprint(uri: str) -> dict[str, Any]:
    """A JSON value that changes when the data behind `uri` do, found without reading them where that is possible.

    Raises:
        JobError: nothing is there, or it cannot be reached.
    """
    return _FINGERPRINT[_scheme(uri)](uri)


def _scheme(uri: str) -> str:
    scheme = uri.split("://", 1)[0].lower() if "://" in uri else "file"
    if scheme not in _FINGERPRINT:
        raise JobError(f"must be a path or begin with s3://, http:// or https://, but got {uri!r}.")
    return scheme


def _local(uri: str) -> Path:
    path = Path(uri.removeprefix("file://")).expanduser()
    try:
        if path.is_dir():
            raise JobError(f"must be the address of a file, but {uri!r} is a folder: name the file in it.")
        if not path.exists():
            raise JobError(f"must be the address of a file, but there is none at {uri!r}{_near(path)}.")
        path.open("rb").close()
    except OSError as error:
        raise JobError(f"must be a file that can be read, but {uri!r} cannot: {error.strerror or error}.") from None
    return path


def _near(path: Path) -> str:
    names = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _local_fingerprint(uri: str) -> dict[str, Any]:
    stat = _local(uri).stat()
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def _s3_download(uri: str, part: Path) -> None:
    _ask_s3(uri, lambda client, bucket, key: client.download_file(bucket, key, str(part)))


def _s3_fingerprint(uri: str) -> dict[str, Any]:
    head = _ask_s3(uri, lambda client, bucket, key: client.head_object(Bucket=bucket, Key=key))
    return {"etag": head["ETag"], "size": head["ContentLength"]}


def _ask_s3(uri: str, question: Callable[[S3Client, str, str], Any]) -> Any:
    """The answer to `question` (client, bucket, key); an endpoint that is away is waited for."""
    from nas_core.runs.s3 import patiently, s3_client, split_address, store_errors  # boto3 is heavy

    def ask() -> Any:
        with store_errors(uri):
            return question(s3_client(), *split_address(uri))

    return patiently(ask)


def _http_download(uri: str, part: Path) -> None:
    with _answer("GET", uri) as answer, part.open("wb") as file:
        _require_table(answer, uri)
        for chunk in answer.iter_bytes(CHUNK):
            file.write(chunk)


def _http_fingerprint(uri: str) -> dict[str, Any]:
    with _answer("HEAD", uri) as answer:  # some servers know no HEAD: then GET tells whether the address works
        names = () if answer.is_error else ("etag", "last-modified", "content-length")
        kept = {name: answer.headers[name] for name in names if name in answer.headers}
    if "etag" in kept or "last-modified" in kept:
        return kept
    digest = hashlib.sha256()
    with _answer("GET", uri) as answer:
        _require_table(answer, uri)
        for chunk in answer.iter_bytes(CHUNK):
            digest.update(chunk)
    return {"sha256": digest.hexdigest()}


def _require_table(answer: httpx.Response, uri: str) -> None:
    if answer.is_error:
        status = f"{answer.status_code} {answer.reason_phrase}".strip()
        raise JobError(f"must be an address that answers, but {_shown(uri)} says {status}.")
    if answer.headers.get("content-type", "").startswith("text/html"):
        raise JobError(f"must be the address of a table, but {_shown(uri)} answers with a web page (a login, perhaps).")


@contextmanager
def _answer(method: str, uri: str) -> Iterator[httpx.Response]:
    """A streamed answer; up to three attempts when the server or the way to it fails."""
    import httpx

    hooks = {"request": [_check_host]}
    try:
        with httpx.Client(timeout=TIMEOUT, follow_redirects=True, event_hooks=hooks) as client:
            answer = _attempt(client, method, uri)
            try:
                yield answer
            finally:
                answer.close()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise JobError(f"must be an address that can be reached, but {_shown(uri)} cannot: {reason}.") from None


def _attempt(client: httpx.Client, method: str, uri: str) -> httpx.Response:
    import httpx

    for wait in WAITS:
        try:
            answer = client.send(client.build_request(method, uri), stream=True)
            if not answer.is_server_error:
                return answer
            answer.close()
        except httpx.TransportError as error:
            log.info("%s does not answer (%s); trying again.", _shown(uri), type(error).__name__)
        time.sleep(wait)
    return client.send(client.build_request(method, uri), stream=True)


def _shown(uri: str) -> str:
    """The address without password, signature and the like."""
    parts = urlsplit(uri)
    return repr(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def _check_host(request: httpx.Request) -> None:
    """Refuse, at each redirect too, hosts that no dataset lives on (a cloud's metadata) or that the service forbids."""
    host = request.url.host
    public_only = os.environ.get("NAS_PUBLIC_ONLY") == "1"
    for address in _addresses(host):
        if (
            address.is_link_local
            or address.is_multicast
            or address.is_unspecified
            or (public_only and address.is_private)
        ):
            raise JobError(
                f"must be an address that this service may fetch, but {host!r} is {address}, which it may not."
            )


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        return [ipaddress.ip_address(str(info[4][0]).split("%")[0]) for info in socket.getaddrinfo(host, None)]
    except OSError:
        return []  # the request itself says what is wrong


_FETCH = {"s3": _s3_download, "http": _http_download, "https": _http_download}
_FINGERPRINT = {
    "file": _local_fingerprint,
    "s3": _s3_fingerprint,
    "http": _http_fingerprint,
    "https": _http_fingerprint,
}
