"""Errors as people and programs can act upon them: ``application/problem+json`` (RFC 9457), with field and rule."""

from __future__ import annotations

import logging
import re
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from nas_core.errors import JobError
from nas_core.report.texts.checks import translate
from nas_core.report.texts.languages import LANGUAGES
from nas_core.runs.store import StoreAwayError

log = logging.getLogger("nas")

MEDIA_TYPE = "application/problem+json"

FIELD = re.compile(r"`([A-Za-z_.]+)`")
TITLES = {
    400: "The request cannot be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    409: "Not at this moment",
    413: "Too large",
    422: "Something must be changed",
    503: "Away for the moment",
}

_ERROR = {
    "type": "object",
    "required": ["rule"],
    "properties": {"field": {"type": ["string", "null"]}, "rule": {"type": "string"}},
}
SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": _ERROR},
    },
}
# What OpenAPI says of them.
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": title, "content": {MEDIA_TYPE: {"schema": SCHEMA}}} for status, title in TITLES.items()
}


def problem(status: int, detail: str, errors: list[dict[str, str | None]] | None = None) -> JSONResponse:
    """One answer: `errors` lists the `field` (None: no single one) and the `rule` of everything that is wrong."""
    body: dict[str, Any] = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status}
    body |= {"detail": detail} | ({"errors": errors} if errors else {})
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


def job_problem(error: JobError, language: str = "en") -> JSONResponse:
    """What a person must mend, in `language`; a store that is away comes back by itself."""
    status = 503 if isinstance(error, StoreAwayError) else 422
    errors = [{"field": _field(text), "rule": translate(text, language)} for text in error.problems]
    return problem(status, "\n".join(str(each["rule"]) for each in errors), errors)


def language_of(request: Request) -> str:
    """The language that who asks wants first, if it is one of ours."""
    asked = request.headers.get("accept-language", "")[:2].lower()
    return asked if asked in LANGUAGES else LANGUAGES[0]


def handle_problems(app: FastAPI) -> None:
    """Let `app` answer every error in this form."""

    @app.exception_handler(JobError)
    def _job(request: Request, error: JobError) -> JSONResponse:
        return job_problem(error, language_of(request))

    @app.exception_handler(StarletteHTTPException)
    def _http(_: Request, error: HTTPException) -> JSONResponse:
        answer = problem(error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"field": ".".join(str(part) for part in each["loc"][1:]) or None, "rule": str(each["msg"])}
            for each in error.errors()
        ]
        return problem(422, "; ".join(f"{each['field']}: {each['rule']}" for each in errors), errors)

    @app.exception_handler(Exception)
    def _bug(_: Request, error: Exception) -> JSONResponse:
        log.exception("The page failed.", exc_info=error)
        return problem(500, "Something went wrong here; the server's log says what.")


def _field(text: str) -> str | None:
    found = FIELD.match(text)
    return found[1] if found else None
