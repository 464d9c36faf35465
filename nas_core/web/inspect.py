"""A first look at a dataset before a job is started: rows, types, problems, and what may be predicted.

It works in a process of its own, see :mod:`nas_core.web.apart`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nas_core.data import cells, source
from nas_core.data.address import AIRFLOW, connection_variable, last_part, scheme
from nas_core.data.checks import Findings
from nas_core.data.column_scan import ColumnScan
from nas_core.data.pictures.album import FILE, LABEL, Album, find_named_album, is_album, open_album
from nas_core.data.pictures.embedded import find_embedded_album
from nas_core.data.pictures.reader import PictureReader
from nas_core.data.profile import describe
from nas_core.data.quality import check_columns, find_missing_codes
from nas_core.data.readers.files import open_files
from nas_core.data.readers.reader import Reader
from nas_core.data.settings import DataSettings
from nas_core.data.types import IMAGE, Column, decide_columns
from nas_core.data.uploads import folder_of
from nas_core.errors import JobError
from nas_core.job import parse_job
from nas_core.tasks.choice import choose_task
from nas_core.web import apart
from nas_core.web.gallery import gallery, sample

MOST_ROWS = 50_000  # read for the preview
MOST_BYTES = 64 << 20
ROWS_SHOWN = 20
CELL_SHOWN = 120  # characters
UNDECIDED = "\0"  # stands for the target while none was chosen

FIELDS = frozenset(DataSettings.model_fields) - {"target"}
OF_PICTURES = frozenset({IMAGE, FILE, "height", "width"})  # columns that no person filled in
LIKELY = ("target", "label", "class", "outcome", "result", "churn", "survived", "diagnosis", "price", "default")


def inspect_apart(question: dict[str, Any]) -> dict[str, Any]:
    """As :func:`inspect`, in a child process that may read what a job with these fields may.

    Raises:
        JobError: the data cannot be read, or not in the time and memory there is.
    """
    uri = question.get("dataset_uri")
    folders, connection = [str(folder_of(uri) or "")], _connection_of(uri)
    said = apart.ask(__name__, question, "dataset_uri", folders=folders, more=connection)
    found: dict[str, Any] = json.loads(said)
    return found


def stamp_of(question: dict[str, Any]) -> str | None:
    """What changes when the dataset of `question` does; None for what may change unseen: all but uploaded files."""
    uri = question.get("dataset_uri")
    if folder_of(uri) is None or question.get("image_folder"):
        return None
    try:
        found = Path(str(uri)).stat()
    except OSError:
        return None
    return f"{found.st_mtime_ns} {found.st_size} {found.st_ino}"


def _connection_of(uri: object) -> dict[str, str]:
    """The connection of ``airflow://name`` as the environment variable in which the child looks for it."""
    if not isinstance(uri, str) or scheme(uri) != AIRFLOW or not (name := urlsplit(uri).netloc):
        return {}
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection

    try:
        return {connection_variable(uri): Connection.get_connection_from_secrets(name).as_json()}
    except AirflowNotFoundException:
        raise JobError(f"`dataset_uri` must name an Airflow connection, but there is none called {name!r}.") from None


def inspect(question: dict[str, Any]) -> dict[str, Any]:
    """What the dataset of a job with the fields of `question` looks like; `target` may be missing.

    Keys: `name`, `n_rows` (of those read; all when `is_whole`), `columns` (schema and profile of each), `rows` (the
    first ones as texts), `pictures` (see :func:`nas_core.web.gallery.gallery`; None for tables), `findings`, `target`
    (given or proposed), `task`, `metrics`, `dialect`.

    Raises:
        JobError: a field breaks its rule, or the data cannot be read.
    """
    given = {name: value for name, value in question.items() if name in FIELDS or name == "target"}
    job = parse_job(given | {"target": question.get("target") or UNDECIDED, "exclude_columns": []})
    findings = Findings(show_rows=job.show_rows)
    with tempfile.TemporaryDirectory(prefix="nas-inspect-") as scratch:
        with findings.collect("dataset_uri"):
            reader, album = _open(job, Path(scratch), findings)
        findings.raise_errors()
        return _look(reader, album, job, question, findings)


def _open(job: Any, scratch: Path, findings: Findings) -> tuple[Reader, Album | None]:
    """What reads the dataset; of pictures some, and all of them as an album."""
    files = _files(job, scratch)
    if is_album(files):
        album: Album | None = open_album(files, scratch)
    else:
        reader = open_files(files, scratch, job.dialect(), job.file_column)
        album = find_embedded_album(reader, scratch)
        album = album or find_named_album(reader, job.dataset_uri, job.image_folder, scratch)
        if album is None:
            return reader, None
    assert album is not None
    return PictureReader(sample(album, job.target), scratch, job.image_size, findings), album


def _files(job: Any, scratch: Path) -> list[source.File]:
    if scheme(job.dataset_uri) != AIRFLOW:
        return source.fetch(job.dataset_uri, scratch, job.query)
    from nas_core.data import sql  # SQLAlchemy is heavy

    sql.download(job.dataset_uri, job.query, scratch / "query.arrow", MOST_ROWS)
    return [source.File(scratch / "query.arrow", "query")]


def _look(
    reader: Reader, album: Album | None, job: Any, question: dict[str, Any], findings: Findings
) -> dict[str, Any]:
    scans, table, is_whole = _read(reader)
    if not table:
        raise JobError("`dataset_uri` must have rows, but there are none below the line of column names.")
    import pyarrow as pa

    sample = pa.Table.from_batches(table)
    excluded = [name for name in question.get("exclude_columns") or () if name in scans]
    types = {name: kind for name, kind in job.column_types.items() if name in scans}
    free = decide_columns(scans, types, dict.fromkeys(excluded, "excluded"), Findings())
    target = job.target if job.target in scans else _propose(free, scans, album)
    roles = dict.fromkeys(excluded, "excluded") | ({target: "target"} if target else {})
    columns = decide_columns(scans, types, roles, findings)
    columns = find_missing_codes(columns, sample, findings, is_used=job.missing_codes)
    check_columns(columns, scans, sample, findings)
    for note in reader.notes:
        findings.info(None, "reading", note)
    described = [c.to_json() | describe(c, scans[c.name], sample[c.name]) for c in columns]
    about = next((entry for entry in described if entry["name"] == target), None)
    kinds = {column.type for column in columns if column.role == "feature"}
    task = choose_task(job.task, about, kinds) if about else None
    return {
        "name": last_part(job.dataset_uri),
        "n_rows": sample.num_rows,
        "is_whole": is_whole and (album is None or len(album) <= sample.num_rows),
        "columns": described,
        "rows": _texts(sample.slice(0, ROWS_SHOWN)) if job.show_rows else [],
        "pictures": gallery(album, sample, target, is_named=job.show_rows) if album else None,
        "findings": [found for found in findings.to_json() if album is None or not _is_idle(found)],
        "target": target,
        "task": task.name if task else None,
        "task_title": task.title if task else None,
        "metrics": list(task.metrics) if task else [],
        "dialect": reader.dialect,
    }


def _is_idle(finding: dict[str, Any]) -> bool:
    """Whether it says that a picture's name and size are not learned from, which nobody expects."""
    return finding["rule"] == "set aside" and finding["column"] in OF_PICTURES


def _propose(columns: list[Column], scans: dict[str, ColumnScan], album: Album | None) -> str | None:
    """As :func:`propose`; what folders and tables say of pictures, not what the files themselves do."""
    if album is None:
        return propose(columns, scans)
    told = [column.name for column in columns if column.name not in OF_PICTURES]
    return LABEL if LABEL in told else propose([column for column in columns if column.name in told], scans)


def _read(reader: Reader) -> tuple[dict[str, ColumnScan], list[Any], bool]:
    """A scan a column and the batches that were read, and whether they are the whole table."""
    scans: dict[str, ColumnScan] = {}
    kept, n_rows, n_bytes = [], 0, 0
    for piece in reader.pieces():
        for batch in piece.batches():
            for name in batch.schema.names:
                scans.setdefault(name, ColumnScan(name)).add(batch.column(name))
            kept.append(batch)
            n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
            if n_rows >= MOST_ROWS or n_bytes >= MOST_BYTES:
                return scans, kept, False
    return scans, kept if n_rows else [], True


def propose(columns: list[Column], scans: dict[str, ColumnScan]) -> str | None:
    """The column that a person most likely wants to predict: by its name, its place and what it holds."""

    def likelihood(place: int) -> float:
        column, scan = columns[place], scans[columns[place].name]
        words = column.name.lower().replace("_", " ").split()
        score = 4.0 * any(word in LIKELY for word in words) + 2.0 * (place == len(columns) - 1)
        score += 0.5 * (place == 0) - 6.0 * (column.role != "feature") - 3.0 * (column.type == "date")
        n_distinct = scan.counts.n_distinct
        return score + (1.0 if n_distinct <= 20 else 0.0) - 2.0 * scan.n_missing / max(scan.n_rows, 1)

    if not columns:
        return None
    best = max(range(len(columns)), key=likelihood)
    return columns[best].name if likelihood(best) > -2 else None


def _texts(rows: Any) -> list[list[str | None]]:
    columns = [
        [None] * rows.num_rows if cells.is_nested(column.type) else cells.texts(cells.flat(column)).to_pylist()
        for column in rows.columns
    ]
    return [[None if cell is None else str(cell)[:CELL_SHOWN] for cell in row] for row in zip(*columns, strict=True)]


def answer(question: dict[str, Any]) -> bytes:
    """As :func:`inspect`, in JSON: see :mod:`nas_core.web.apart`."""
    return json.dumps(inspect(question), allow_nan=False, default=str).encode()
