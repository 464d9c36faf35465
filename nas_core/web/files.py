"""The files of a run behind Airflow's own sign-in: a plain page that lists them, and each of them to fetch."""

from __future__ import annotations

from html import escape
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse

from nas_core.runs import layout
from nas_core.runs.run import Run
from nas_core.web.known import FoundFolder
from nas_core.web.rights import LOOK

router = APIRouter(dependencies=[LOOK], include_in_schema=False)

# What came from a dataset may be in these files: a browser keeps them apart from the service's own pages.
APART = {"Content-Security-Policy": "sandbox; frame-ancestors 'self'"}
ALIVE = {"Content-Security-Policy": "sandbox allow-scripts; frame-ancestors 'self'"}  # its own is stricter
SHOWN = {".mp4", ".gif", ".png", ".svg", ".json"}
LISTED = ("train", "export", "report")  # what a person may want; arrays and candidates' weights stay where they are
NO_FILE = "There is no such file in this run."


@router.get("/{dag_id}/{run_id}/")
def list_files(run: FoundFolder) -> HTMLResponse:
    """A page with a link to each result that the run holds so far."""
    rows = "".join(
        f'<tr><td><a href="{quote(each["path"])}">{escape(each["path"])}</a><td align="right">{each["bytes"]:,}'
        for each in results(run)
    )
    title = escape(run.address)
    return HTMLResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1><table>{rows}</table>", headers=APART)


@router.get("/{dag_id}/{run_id}/{part:path}")
def get_file(part: str, run: FoundFolder) -> FileResponse:
    """One file of the run; what lies outside of it does not exist."""
    return file_answer(run, part)


def results(run: Run) -> list[dict[str, Any]]:
    """The `path` in the run and the `bytes` of each result so far."""
    for stage in LISTED:
        run.store.pull(stage, wait=False)
    found = sorted(path for stage in LISTED for path in run.path(stage).rglob("*"))
    plain = [path for path in found if path.is_file() and not path.is_symlink()]
    names = {path.relative_to(run.folder).as_posix(): path for path in plain}
    return [{"path": name, "bytes": path.stat().st_size} for name, path in names.items() if _is_shown(name)]


def file_answer(run: Run, part: str) -> FileResponse:
    """The file `part` of `run`, with ranges; 404 for what is no file of a stage of the run."""
    if "\0" in part:
        raise HTTPException(404, NO_FILE)
    path = run.path(part).resolve()
    if not path.is_relative_to(run.folder.resolve()) or not _is_shown(part):
        raise HTTPException(404, NO_FILE)
    run.store.pull(part, wait=False)
    if not path.is_file():
        raise HTTPException(404, NO_FILE)
    is_page = part == layout.PAGE
    kind = "inline" if is_page or path.suffix in SHOWN else "attachment"
    return FileResponse(
        path,
        media_type=guess_type(path.name)[0] or "application/octet-stream",
        filename=path.name,
        content_disposition_type=kind,
        headers=ALIVE if is_page else APART,
    )


def _is_shown(part: str) -> bool:
    """Whether a path is one that stages write for people: below a stage or the job itself, and not hidden."""
    parts = Path(part).parts
    is_hidden = any(name.startswith(".") for name in parts)
    return part == layout.JOB or (len(parts) > 1 and parts[0] in layout.STAGES and not is_hidden)
