"""What Airflow knows of runs: its database for looking, its public API, as the signed-in user, for acting."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from airflow.models.dag import DagTag
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from fastapi import Depends, HTTPException, Request
from sqlalchemy import func, select

from nas_core.errors import JobError
from nas_core.runs.run import Run, default_root, open_run
from nas_core.web.rights import LOOK

TAG = "nas"  # of the DAGs that the page lists
NO_RUN = "There is no such run."


@dataclass(frozen=True)
class Known:
    """One run as Airflow sees it. `address` is None until its first task has made the run's folder."""

    dag_id: str
    run_id: str
    state: str
    user: str | None
    queued: datetime | None
    started: datetime | None
    ended: datetime | None
    conf: dict[str, Any]
    address: str | None


@dataclass(frozen=True)
class TaskState:
    """One stage as Airflow sees it: `state` is None until it is scheduled, `n_try` counts from 1."""

    name: str
    state: str | None
    n_try: int
    started: datetime | None
    ended: datetime | None


def list_known(dags: set[str], offset: int, most: int) -> tuple[list[Known], int]:
    """Up to `most` runs of those of `dags` that make networks, the latest first, and how many there are in all."""
    with create_session() as session:
        tagged = set(session.scalars(select(DagTag.dag_id).where(DagTag.name == TAG)))
        ours = DagRun.dag_id.in_(tagged & dags)
        total = session.scalar(select(func.count()).select_from(DagRun).where(ours)) or 0
        query = select(DagRun).where(ours).order_by(DagRun.id.desc()).offset(offset).limit(most)
        found = list(session.scalars(query))
        addresses = _addresses(session, found)
        return [_known(run, addresses.get((run.dag_id, run.run_id))) for run in found], total


def find_known(dag_id: str, run_id: str, _: Annotated[None, LOOK]) -> Known:
    """The run in the path of a route, after the right to look at it was proved; 404 when there is none."""
    return read_known(dag_id, run_id)


def read_known(dag_id: str, run_id: str) -> Known:
    """The run `run_id` of `dag_id`; 404 when there is none."""
    with create_session() as session:
        found = session.scalars(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)).first()
        if found is None:
            raise HTTPException(404, NO_RUN)
        return _known(found, _addresses(session, [found]).get((dag_id, run_id)))


def read_tasks(known: Known) -> list[TaskState]:
    """The stages of a run."""
    columns = (TaskInstance.task_id, TaskInstance.state, TaskInstance.try_number, TaskInstance.start_date)
    query = select(*columns, TaskInstance.end_date).where(
        TaskInstance.dag_id == known.dag_id, TaskInstance.run_id == known.run_id
    )
    with create_session() as session:
        return [TaskState(*row) for row in session.execute(query)]


FoundRun = Annotated[Known, Depends(find_known)]


def folder_of(known: FoundRun) -> Run:
    """The folder of the run in the path; 404 while there is none, 403 for one that the page may not open."""
    if known.address is None:
        raise HTTPException(404, "This run has no folder yet: its first stage makes it.")
    if not is_ours(known.address):
        raise HTTPException(403, "This run lies outside of the folders whose runs the page shows (`NAS_RUN_ROOTS`).")
    return open_run(known.address)


FoundFolder = Annotated[Run, Depends(folder_of)]


def is_ours(address: str) -> bool:
    """Whether a run lies below the service's root, or below one of `NAS_RUN_ROOTS` (parted by commas).

    Whoever starts a run chooses its root: without this, a page could be pointed at any folder that the server reads.
    """
    roots = [default_root(), *filter(None, os.environ.get("NAS_RUN_ROOTS", "").split(","))]
    return any(_is_below(address, root.strip()) for root in roots)


def check_root(root: str | None) -> None:
    """JobError when runs below `root` could not be shown."""
    if root and not is_ours(f"{root.rstrip('/')}/name/run"):
        raise JobError(f"`root` must lie below the service's root or one of `NAS_RUN_ROOTS`, but got {root!r}.")


def _is_below(address: str, root: str) -> bool:
    if "://" in address or "://" in root:
        return address.startswith(root.rstrip("/") + "/") and "/../" not in address
    return Path(address).resolve().is_relative_to(Path(root).expanduser().resolve())


def _known(run: DagRun, address: str | None) -> Known:
    conf = run.conf if isinstance(run.conf, dict) else {}
    return Known(
        run.dag_id,
        run.run_id,
        str(getattr(run.state, "value", run.state)),
        run.triggering_user_name,
        run.queued_at,
        run.start_date,
        run.end_date,
        conf,
        address,
    )


def _addresses(session: Any, runs: Iterable[DagRun]) -> dict[tuple[str, str], str]:
    """The address that the first task of each run returned."""
    names = {(run.dag_id, run.run_id) for run in runs}
    query = select(XComModel.dag_id, XComModel.run_id, XComModel.value).where(  # the entities cost ten times as much
        XComModel.dag_id.in_({dag for dag, _ in names}),
        XComModel.run_id.in_({run for _, run in names}),
        XComModel.task_id == "prepare",
        XComModel.key == "return_value",
    )
    found = {(dag, run): _plain(value) for dag, run, value in session.execute(query)}
    return {name: value for name, value in found.items() if name in names and isinstance(value, str)}


def _plain(value: Any) -> Any:
    """A text of an XCom: in JSON when an operator wrote it in this process, as it is when a task sent it."""
    return json.loads(value) if isinstance(value, str) and value.startswith('"') else value


async def ask_airflow(request: Request, method: str, path: str, body: Any = None) -> Any:
    """The answer of Airflow's public API to the user behind `request`; its refusals become ours.

    The call stays inside the server and carries the user's own credentials, so that Airflow judges the rights and
    writes the user's name into its audit log. Each call has an event loop of its own, in one of a few threads:
    Airflow commits its audit line inside the loop, and if it had to wait there for SQLite's one writer, that writer
    could not end, because its commit is a matter of the same loop.
    """
    credentials = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    call = partial(_ask, request.scope["airflow"], credentials, method, f"/api/v2/{path}", body)
    answer = await asyncio.get_running_loop().run_in_executor(_acting, lambda: asyncio.run(call()))
    if answer.is_error:
        raise HTTPException(answer.status_code, _reason(answer))
    return answer.json() if answer.content else None


async def _ask(app: Any, credentials: dict[str, str], method: str, path: str, body: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow", headers=credentials) as client:
        return await client.request(method, path, json=body)


_acting = ThreadPoolExecutor(4, thread_name_prefix="nas-acting")


def path_of(dag_id: str, run_id: str = "") -> str:
    """The path of a DAG's runs, or of one of them, in Airflow's API."""
    return f"dags/{quote(dag_id, safe='')}/dagRuns" + (f"/{quote(run_id, safe='')}" if run_id else "")


def _reason(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"Airflow answered {answer.status_code}."
    return detail if isinstance(detail, str) else str(detail)
