"""The files of a run behind Airflow's own sign-in: a plain page that lists them, and each of them to fetch."""

from __future__ import annotations

from html import escape
from typing import Annotated
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse

from nas_core.errors import JobError
from nas_core.runs import layout
from nas_core.runs.run import Run, open_run

app = FastAPI(title="Runs", docs_url=None, redoc_url=None, openapi_url=None)

# What came from a dataset may be in these files: a browser keeps them apart from the service's own pages.
APART = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
ALIVE = APART | {"Content-Security-Policy": "sandbox allow-scripts"}  # the report's page: its own policy is stricter
SHOWN = {".mp4", ".gif", ".png", ".json"}
LISTED = ("train", "export", "report")  # what a person may want; arrays and candidates' weights stay where they are


def run_of(dag_id: str, run_id: str) -> Run:
    """The run that the first task of a DAG run made; 404 when it made none."""
    query = XComModel.get_many(run_id=run_id, dag_ids=dag_id, task_ids="prepare", key="return_value", limit=1)
    with create_session() as session:
        found = session.scalars(query).first()
        address = found and XComModel.deserialize_value(found)
    if not isinstance(address, str):
        raise HTTPException(404, "This DAG run has no run folder yet.")
    return open_run(address)


@app.get("/{dag_id}/{run_id}/", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.XCOM))])
def list_files(run: Annotated[Run, Depends(run_of)]) -> HTMLResponse:
    """A page with a link to each result that the run holds so far."""
    for stage in LISTED:
        _pull(run, stage)
    found = [path for stage in LISTED for path in run.path(stage).rglob("*")]
    paths = sorted(path for path in found if path.is_file() and not path.name.startswith("."))
    names = [(str(path.relative_to(run.folder)), path.stat().st_size) for path in paths]
    rows = "".join(
        f'<tr><td><a href="{quote(name)}">{escape(name)}</a><td align="right">{size:,}' for name, size in names
    )
    title = escape(run.address)
    return HTMLResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1><table>{rows}</table>", headers=APART)


@app.get("/{dag_id}/{run_id}/{part:path}", dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.XCOM))])
def get_file(part: str, run: Annotated[Run, Depends(run_of)]) -> FileResponse:
    """One file of the run; what lies outside of it does not exist."""
    path = run.path(part).resolve()
    if not path.is_relative_to(run.folder.resolve()):
        raise HTTPException(404, "There is no such file in this run.")
    _pull(run, part)
    if not path.is_file():
        raise HTTPException(404, "There is no such file in this run.")
    is_page = path == run.path(layout.PAGE).resolve()
    kind = "inline" if is_page or path.suffix in SHOWN else "attachment"
    headers = ALIVE if is_page else APART
    return FileResponse(path, filename=path.name, content_disposition_type=kind, headers=headers)


def _pull(run: Run, part: str) -> None:
    try:
        run.store.pull(part)
    except JobError as error:
        raise HTTPException(502, str(error)) from None
