"""The page inside Airflow: everything below ``/nas``, behind Airflow's own sign-in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.resources import files
from mimetypes import guess_type
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, HTTPException, Response
from starlette.datastructures import Headers, MutableHeaders

from nas_core.web import apart, api, uploads
from nas_core.web.files import router as files_router
from nas_core.web.problems import RESPONSES, handle_problems, problem
from nas_core.web.rights import LOOK_AT_ANY

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PAGE = files("nas_core.web.page")
SAFE = ("GET", "HEAD", "OPTIONS")
MOST_JSON = 4 << 20  # bytes of a body that is no file
FILE_ROUTES = re.compile(r"/(uploads(/parts/[^/]+)?|predictions/file)$")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
    "connect-src 'self'; font-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

service = FastAPI(title="Networks", version="1", docs_url=None, redoc_url=None, openapi_url=None)
# Without dependency_overrides: while there is one, FastAPI builds all dependencies anew for each request.
service.include_router(api.router, prefix="/api/v1", tags=["networks"], responses=RESPONSES)
service.include_router(uploads.router, prefix="/api/v1", tags=["networks"], responses=RESPONSES)
service.include_router(files_router, prefix="/runs")
handle_problems(service)


@service.get("/", dependencies=[LOOK_AT_ANY], include_in_schema=False)
def get_page() -> Response:
    """The page itself. Who opens it may soon drop a file."""
    apart.get_ready()
    return _asset("index.html")


@service.get("/page/{name}", dependencies=[LOOK_AT_ANY], include_in_schema=False)
def get_asset(name: str) -> Response:
    """A script, a style or a picture of the page."""
    return _asset(name)


def _asset(name: str) -> Response:
    found = PAGE.joinpath(name) if name in {asset.name for asset in PAGE.iterdir()} else None
    if found is None or not found.is_file() or name.endswith(".py"):
        raise HTTPException(404, "There is no such file of the page.")
    return Response(found.read_bytes(), media_type=guess_type(name)[0], headers={"Cache-Control": "no-cache"})


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The service with what holds for all its answers: headers, no foreign forms, bodies of bounded size."""
    if scope["type"] != "http":
        await service(scope, receive, send)
        return
    scope["airflow"] = scope.get("app")  # whose public API the service asks
    bounded = receive if FILE_ROUTES.search(scope["path"]) else _bounded(receive)

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    if scope["method"] not in SAFE and _is_foreign(Headers(scope=scope)):
        refusal = problem(403, "This request came from another site.")
        await refusal(scope, receive, send_with_headers)
        return
    await service(scope, bounded, send_with_headers)


def _is_foreign(headers: Headers) -> bool:
    """Whether a page of another site sent this with the cookie that a browser adds by itself.

    The cookie is SameSite=Lax already. A token in a header is nothing that a browser adds.
    """
    if "authorization" in headers:
        return False
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


def _bounded(receive: Receive) -> Receive:
    """`receive`, until a body is too large."""
    size = 0

    async def receive_some() -> MutableMapping[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_JSON:
            raise HTTPException(413, f"The body must be at most {MOST_JSON >> 20} MB.")
        return message

    return receive_some
