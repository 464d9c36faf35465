"""The routes below ``/nas/api/v1``: from a file to a network, for the page and for programs.

Each route names the right it needs; errors are problem+json (see :mod:`nas_core.web.problems`).
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Header, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from nas_core.job import form_schema, parse_job
from nas_core.report.texts.checks import translate_check
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_text
from nas_core.runs.remove import remove_run
from nas_core.runs.run import open_run, safe_name
from nas_core.web import events, files, status
from nas_core.web.inspect import inspect_apart, stamp_of
from nas_core.web.known import (
    FoundFolder,
    FoundRun,
    ask_airflow,
    check_root,
    is_ours,
    path_of,
)
from nas_core.web.ledger import forget
from nas_core.web.predictions import Row, predict_file, predict_rows
from nas_core.web.problems import language_of
from nas_core.web.rights import DAG, LOOK, LOOK_AT_ANY, OPERATE, RUN, User, is_operator, is_runner, readable_dags
from nas_core.web.shared import send, shared
from nas_core.web.uploads import receive

router = APIRouter()

BUSY = (0.3, 1.0, 3.0)  # seconds between tries: SQLite takes one writer at a time, and gives up after five seconds
SAME_FILE = 3600.0  # seconds for which what an upload looks like is remembered
MOST = 10**9  # of anything that is counted
MOST_ROWS = 10_000  # of a prediction in JSON
MOST_PREDICTED = 64 << 20  # bytes of a file to predict

EXAMPLE_JOB = {"dataset_uri": "s3://lake/customers.csv", "target": "churned", "budget_minutes": 10}


class Me(BaseModel):
    """Who is signed in, and what that person may do."""

    name: str
    may_run: bool
    may_operate: bool


class Started(BaseModel):
    """Where to find the run that was started."""

    dag_id: str
    run_id: str
    url: str


class Rows(BaseModel):
    """Rows to predict, each an object of values by column."""

    model_config = ConfigDict(extra="forbid")

    rows: list[Row] = Field(min_length=1, max_length=MOST_ROWS, examples=[[{"age": 44, "plan": "pro"}]])


@router.get("/me", dependencies=[LOOK_AT_ANY])
def get_me(user: User) -> Me:
    """Who is signed in, and what that person may do."""
    return Me(name=str(user.get_name()), may_run=is_runner(user), may_operate=is_operator(user))


@router.get("/job-schema", dependencies=[LOOK_AT_ANY])
def get_job_schema() -> dict[str, Any]:
    """A JSON schema for each field of a job, in the order of a form."""
    return form_schema()


@router.post("/inspect", response_model=dict[str, Any], dependencies=[RUN])
def inspect(request: Request, job: Annotated[dict[str, Any], Body(examples=[EXAMPLE_JOB])]) -> Response:
    """Look at the dataset of a job: the first rows, types, problems, and what may be predicted.

    The fields are those of a job; of them only `dataset_uri` is needed.
    """
    language, stamp = language_of(request), stamp_of(job)

    def look() -> dict[str, Any]:
        seen = inspect_apart(job)
        return seen | {"findings": [translate_check(found, language) for found in seen["findings"]]}

    key = ("inspect", language, str(stamp), json.dumps(job, sort_keys=True))
    return send(request, shared(key, SAME_FILE if stamp else 0.0, look))


@router.post("/runs", status_code=201, dependencies=[RUN])
async def submit(request: Request, job: Annotated[dict[str, Any], Body(examples=[EXAMPLE_JOB])]) -> Started:
    """Start a run: validates the job, then triggers the DAG through Airflow's public API as the signed-in user."""
    parsed = parse_job(job)
    check_root(parsed.root)
    conf = parsed.model_dump(mode="json", include=set(job))
    run_id = f"page__{datetime.now(UTC):%Y-%m-%dT%H-%M-%S-%f}__{safe_name(parsed.name)}"
    body = {"logical_date": None, "dag_run_id": run_id, "conf": conf}
    await _trigger(request, body)
    return Started(dag_id=DAG, run_id=run_id, url=f"{request.url.path}/{DAG}/{quote(run_id)}")


async def _trigger(request: Request, body: dict[str, Any]) -> None:
    """Start the run of `body`. Its name is its own, so that asking once more, when the database was busy, is safe."""
    for number, pause in enumerate((*BUSY, None)):
        try:
            await ask_airflow(request, "POST", path_of(DAG), body)
        except HTTPException as error:
            if number and error.status_code == HTTPStatus.CONFLICT:  # the one before had arrived
                return
            if error.status_code != HTTPStatus.INTERNAL_SERVER_ERROR or pause is None:
                raise
            await asyncio.sleep(pause)
        else:
            return


@router.get("/runs", response_model=dict[str, Any], dependencies=[LOOK_AT_ANY])
def list_runs(
    request: Request,
    user: User,
    search: Annotated[str, Query(max_length=200, description="a part of name, dataset, target, user or state")] = "",
    offset: Annotated[int, Query(ge=0, le=MOST)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The runs that this user may see, the latest first."""
    return send(request, status.cards_of(readable_dags(user), search.lower().split(), offset, limit))


@router.get("/runs/{dag_id}/{run_id}", response_model=dict[str, Any], dependencies=[LOOK])
async def get_run(request: Request, dag_id: str, run_id: str) -> Response:
    """How far a run is: stages, search, result, and the time left."""
    found = status.kept_status(dag_id, run_id)
    if found is None:
        found = await run_in_threadpool(status.status_of, dag_id, run_id)
    return send(request, found)


@router.get("/runs/{dag_id}/{run_id}/candidates", response_model=dict[str, Any])
def get_candidates(
    request: Request,
    run: FoundFolder,
    offset: Annotated[int, Query(ge=0, le=MOST)] = 0,
    limit: Annotated[int, Query(ge=1, le=20_000)] = 1_000,
) -> Response:
    """The networks that the search tried, from number `offset` on; `codes` are places in `choices`."""
    return send(request, events.candidates_of(run, offset, limit))


@router.get(
    "/runs/{dag_id}/{run_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "events `status`, `candidates`, `end`"}},
)
async def get_events(
    request: Request,
    run: FoundRun,
    offset: Annotated[int, Query(ge=0, le=MOST)] = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=MOST)] = None,
) -> StreamingResponse:
    """The search as it goes on, as server-sent events; `Last-Event-ID` or `offset` says what was seen already."""
    start = offset if last_event_id is None else last_event_id
    return StreamingResponse(
        events.stream(run, start, request.is_disconnected),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@router.get("/runs/{dag_id}/{run_id}/facts", response_model=None)
def get_facts(
    run: FoundFolder, brief: Annotated[bool, Query(description="leave out the candidates")] = False
) -> FileResponse | dict[str, Any]:
    """All that the report says of a finished run."""
    run.store.pull(layout.FACTS, wait=False)
    if not run.path(layout.FACTS).is_file():
        raise HTTPException(404, "This run has no report yet.")
    if brief:
        facts: dict[str, Any] = read_json(run.path(layout.FACTS))
        facts["search"] |= {"candidates": [], "random": []}
        return facts
    return FileResponse(run.path(layout.FACTS), media_type="application/json")


@router.get("/runs/{dag_id}/{run_id}/artifacts")
def list_artifacts(run: FoundFolder) -> list[dict[str, Any]]:
    """The results so far: `path` and `bytes`."""
    return files.results(run)


@router.get("/runs/{dag_id}/{run_id}/artifacts/{part:path}")
def get_artifact(part: str, run: FoundFolder) -> FileResponse:
    """One file of the run; a `Range` asks for a part of it."""
    return files.file_answer(run, part)


@router.post("/runs/{dag_id}/{run_id}/predictions")
def predict(run: FoundFolder, body: Rows) -> list[dict[str, Any]]:
    """What the network says of some rows."""
    return predict_rows(run, body.rows)


@router.post(
    "/runs/{dag_id}/{run_id}/predictions/file",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, "application/json": {}}, "description": "a prediction a row"}},
)
async def predict_a_file(
    request: Request,
    run: FoundFolder,
    name: Annotated[str, Query(min_length=1, max_length=255)] = "rows.csv",
    accept: Annotated[str, Header()] = "text/csv",
) -> Response:
    """Take the body as a table (CSV, Excel, Parquet, …), a picture or an archive of pictures.

    It comes back as CSV with the predictions as last columns, or, for who accepts `application/json`, as a list of
    objects (the first 1,000).
    """
    as_json = "application/json" in accept
    with TemporaryDirectory(prefix="nas-predict-") as folder:
        path = Path(folder) / safe_name(name)[-100:]
        with path.open("wb") as file:
            await receive(request.stream(), file, MOST_PREDICTED)
        answer = await run_in_threadpool(predict_file, run, path, name, as_json=as_json)
    if as_json:
        return Response(answer, media_type="application/json")
    disposition = f'attachment; filename="{Path(safe_name(name)).stem}-predictions.csv"'
    return Response(answer, media_type="text/csv", headers={"Content-Disposition": disposition})


@router.post("/runs/{dag_id}/{run_id}/stop", status_code=202, dependencies=[*OPERATE])
def stop(run: FoundFolder, known: FoundRun) -> dict[str, str]:
    """Ask the running search to stop and keep the best; what follows it goes on."""
    if known.state in status.ENDED:
        raise HTTPException(409, "This run has ended already.")
    write_text(run.path(layout.STOP), datetime.now(UTC).isoformat(timespec="seconds") + "\n")
    run.store.push(layout.STOP)
    status.forget_status(known)
    return {"state": "stopping"}


@router.delete("/runs/{dag_id}/{run_id}", status_code=204, dependencies=[*OPERATE])
async def delete(request: Request, known: FoundRun) -> Response:
    """Remove a run that has ended, with its files and its entry in Airflow. There is no way back."""
    if known.state not in status.ENDED:
        raise HTTPException(409, "This run is not over: stop it first, or wait for its end.")
    await ask_airflow(request, "DELETE", path_of(known.dag_id, known.run_id))
    if known.address and is_ours(known.address):
        run = open_run(known.address)
        await run_in_threadpool(remove_run, run)
        forget(run)
    status.forget_status(known)
    return Response(status_code=204)


@router.get("/openapi.json", dependencies=[LOOK_AT_ANY])
def get_openapi(request: Request) -> dict[str, Any]:
    """This interface in OpenAPI."""
    described: dict[str, Any] = request.app.openapi()
    return described | {"servers": [{"url": request.scope["root_path"]}]}
