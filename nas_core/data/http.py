"""Tables from ``http(s)://``, from public hosts only unless the service allows others.

A host's addresses are looked up once, judged, and then connected to as they were judged: a name that answers
differently the next time (DNS rebinding) gains nothing. Each redirect is judged again.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from nas_core.data.address import shown
from nas_core.data.limits import limits
from nas_core.data.source import too_large
from nas_core.errors import JobError

log = logging.getLogger("nas")

WAITS = (0.5, 2.0)  # seconds before the second and the third attempt
TIMEOUT = 30.0
CHUNK = 1 << 20
MOST_REDIRECTS = 5

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def download(uri: str, part: Path) -> None:
    """Stream the answer into the file `part`."""
    with _answer("GET", uri) as answer, part.open("wb") as file:
        for chunk in _content(answer, uri):
            file.write(chunk)


def fingerprint(uri: str) -> dict[str, Any]:
    """ETag, Last-Modified and length as the server gives them, else the content's sha256."""
    with _answer("HEAD", uri) as answer:  # some servers know no HEAD: then GET tells whether the address works
        names = () if answer.is_error else ("etag", "last-modified", "content-length")
        kept = {name: answer.headers[name] for name in names if name in answer.headers}
    if "etag" in kept or "last-modified" in kept:
        return kept
    digest = hashlib.sha256()
    with _answer("GET", uri) as answer:
        for chunk in _content(answer, uri):
            digest.update(chunk)
    return {"sha256": digest.hexdigest()}


def _content(answer: httpx.Response, uri: str) -> Iterator[bytes]:
    """The body, within the limits of size and time."""
    _require_table(answer, uri)
    limit, n_bytes, started = limits(), 0, time.monotonic()
    most = limit.max_download_mb << 20
    for chunk in answer.iter_bytes(CHUNK):
        n_bytes += len(chunk)
        if n_bytes > most:
            raise JobError(too_large(shown(uri), most))
        if time.monotonic() - started > limit.fetch_seconds:
            rule = f"must arrive within {limit.fetch_seconds:,} s (`NAS_FETCH_SECONDS`)"
            raise JobError(f"{rule}, but {shown(uri)!r} is slower.")
        yield chunk


def _require_table(answer: httpx.Response, uri: str) -> None:
    if answer.is_error:
        status = f"{answer.status_code} {answer.reason_phrase}".strip()
        raise JobError(f"must be an address that answers, but {shown(uri)!r} says {status}.")
    if answer.headers.get("content-type", "").startswith("text/html"):
        raise JobError(
            f"must be the address of a table, but {shown(uri)!r} answers with a web page (a login, perhaps)."
        )


@contextmanager
def _answer(method: str, uri: str) -> Iterator[httpx.Response]:
    """A streamed answer; up to three attempts when the server or the way to it fails."""
    hooks = {"request": [_check_host]}  # for the proxies of the environment; without one, JudgedTransport decides
    try:
        with httpx.Client(
            transport=JudgedTransport(),
            timeout=TIMEOUT,
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            event_hooks=hooks,
        ) as client:
            answer = _attempt(client, method, uri)
            try:
                yield answer
            finally:
                answer.close()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        reason = str(error) or type(error).__name__
        raise JobError(f"must be an address that can be reached, but {shown(uri)!r} cannot: {reason}.") from None


def _attempt(client: httpx.Client, method: str, uri: str) -> httpx.Response:
    for wait in WAITS:
        try:
            answer = client.send(client.build_request(method, uri), stream=True)
            if not answer.is_server_error:
                return answer
            answer.close()
        except httpx.TransportError as error:
            log.info("%s does not answer (%s); trying again.", shown(uri), type(error).__name__)
        time.sleep(wait)
    return client.send(client.build_request(method, uri), stream=True)


class JudgedTransport(httpx.HTTPTransport):
    """Connects to the very address that was judged; name and certificate stay those of the host."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` to an address of its host. Raises JobError when one of them is not to be asked."""
        addresses = _check_host(request)
        if not addresses:
            raise httpx.ConnectError(f"the name {request.url.host!r} is not known")
        for address in addresses[:-1]:
            try:
                return super().handle_request(_addressed(request, address))
            except httpx.ConnectError:
                continue
        return super().handle_request(_addressed(request, addresses[-1]))


def _addressed(request: httpx.Request, address: Address) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions | {"sni_hostname": request.url.raw_host.decode()},
    )


def _check_host(request: httpx.Request) -> list[Address]:
    """The addresses of the request's host; JobError when the service does not ask one of them."""
    host = request.url.host
    addresses = _addresses(host)
    for address in addresses:
        if not _is_public(address) and not _is_allowed(host, address):
            raise JobError(
                f"must be on a host that this service asks, but {host!r} is at {address}, which is not public: "
                "whoever runs the service can allow it (`NAS_PRIVATE_HOSTS`)."
            )
    return addresses


# IPv6 networks that lead to the IPv4 address in their last 32 bits (RFC 4291, RFC 6052).
EMBEDDING = tuple(map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "64:ff9b::/96")))


def _is_public(address: Address) -> bool:
    inner = getattr(address, "sixtofour", None)
    if any(address in network for network in EMBEDDING):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return _is_public(inner)
    return address.is_global and not address.is_multicast


def _is_allowed(host: str, address: Address) -> bool:
    for entry in limits().private_hosts:
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            if entry.lower() == host.lower() and not address.is_link_local:
                return True
        else:
            if address in network:
                return True
    return False


def _addresses(host: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []  # the request itself says what is wrong
    return [ipaddress.ip_address(str(info[4][0]).split("%")[0]) for info in found]
