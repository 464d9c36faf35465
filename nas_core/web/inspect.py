"""A first look at a dataset before a job is started: rows, types, problems, and what may be predicted.

What a person hands over is hostile until it was read: this runs in a process of its own with bounded time and memory
(``python -m nas_core.web.inspect``, the question on stdin, the answer on stdout).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from nas_core.data import cells, source
from nas_core.data.address import FILE_SCHEMES, last_part, scheme
from nas_core.data.checks import Findings
from nas_core.data.column_scan import ColumnScan
from nas_core.data.pictures.album import is_album
from nas_core.data.profile import describe
from nas_core.data.quality import check_columns, find_missing_codes
from nas_core.data.readers.files import open_files
from nas_core.data.readers.reader import Reader
from nas_core.data.settings import DataSettings
from nas_core.data.types import Column, decide_columns
from nas_core.data.uploads import folder_of
from nas_core.errors import JobError
from nas_core.job import parse_job
from nas_core.tasks.choice import choose_task

MOST_ROWS = 50_000  # read for the preview
MOST_BYTES = 64 << 20
ROWS_SHOWN = 20
CELL_SHOWN = 120  # characters
SECONDS = 90.0
MEMORY = 4 << 30
UNDECIDED = "\0"  # stands for the target while none was chosen

_seats = threading.BoundedSemaphore(2)  # more at once would not be faster, and take memory

FIELDS = frozenset(DataSettings.model_fields) - {"target"}
LIKELY = ("target", "label", "class", "outcome", "result", "churn", "survived", "diagnosis", "price", "default")


def inspect_apart(question: dict[str, Any]) -> dict[str, Any]:
    """As :func:`inspect`, in a child process that may read what a job with these fields may.

    Raises:
        JobError: the data cannot be read, or not in the time and memory there is.
    """
    folders = [os.environ.get("NAS_DATA_FOLDERS", ""), str(folder_of(question.get("dataset_uri")) or "")]
    environment = os.environ | {"NAS_DATA_FOLDERS": os.pathsep.join(filter(None, folders)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "nas_core.web.inspect"]
    try:
        with _seats:
            done = subprocess.run(
                command,
                input=json.dumps(question).encode(),
                capture_output=True,
                check=False,
                timeout=SECONDS,
                env=environment,
            )
    except subprocess.TimeoutExpired:
        raise JobError(f"`dataset_uri` must be read in {SECONDS:.0f} s for a preview, but took longer.") from None
    if done.returncode:
        raise JobError("`dataset_uri` must be a table that can be previewed, but reading it failed or took too much.")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "problems" in answer:
        raise JobError(*answer["problems"])
    return answer


def inspect(question: dict[str, Any]) -> dict[str, Any]:
    """What the dataset of a job with the fields of `question` looks like; `target` may be missing.

    Keys: `name`, `n_rows` (of those read; all when `is_whole`), `columns` (schema and profile of each), `rows` (the
    first ones as texts), `findings`, `target` (given or proposed), `task`, `metrics`, `dialect`.

    Raises:
        JobError: a field breaks its rule, or the data cannot be read.
    """
    given = {name: value for name, value in question.items() if name in FIELDS or name == "target"}
    job = parse_job(given | {"target": question.get("target") or UNDECIDED, "exclude_columns": []})
    if scheme(job.dataset_uri) not in FILE_SCHEMES:
        raise JobError("`dataset_uri` is a database: it is not previewed, name the target yourself.")
    findings = Findings(show_rows=job.show_rows)
    with tempfile.TemporaryDirectory(prefix="nas-inspect-") as scratch:
        with findings.collect("dataset_uri"):
            files = source.fetch(job.dataset_uri, Path(scratch), job.query)
            if is_album(files):
                raise JobError(
                    "holds pictures, which are not previewed: name the target yourself (`label` for folders)."
                )
            reader = open_files(files, Path(scratch), job.dialect(), job.file_column)
        findings.raise_errors()
        return _look(reader, job, question, findings)


def _look(reader: Reader, job: Any, question: dict[str, Any], findings: Findings) -> dict[str, Any]:
    scans, table, is_whole = _read(reader)
    if not table:
        raise JobError("`dataset_uri` must have rows, but there are none below the line of column names.")
    import pyarrow as pa

    sample = pa.Table.from_batches(table)
    excluded = [name for name in question.get("exclude_columns") or () if name in scans]
    types = {name: kind for name, kind in job.column_types.items() if name in scans}
    free = decide_columns(scans, types, dict.fromkeys(excluded, "excluded"), Findings())
    target = job.target if job.target in scans else propose(free, scans)
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
        "is_whole": is_whole,
        "columns": described,
        "rows": _texts(sample.slice(0, ROWS_SHOWN)) if job.show_rows else [],
        "findings": findings.to_json(),
        "target": target,
        "task": task.name if task else None,
        "task_title": task.title if task else None,
        "metrics": list(task.metrics) if task else [],
        "dialect": reader.dialect,
    }


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
    columns = [cells.texts(cells.flat(column)).to_pylist() for column in rows.columns]
    return [[None if cell is None else str(cell)[:CELL_SHOWN] for cell in row] for row in zip(*columns, strict=True)]


def main() -> None:
    """Answer one question."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        answer = inspect(json.load(sys.stdin))
    except JobError as error:
        answer = {"problems": list(error.problems)}
    json.dump(answer, sys.stdout, allow_nan=False, default=str)


if __name__ == "__main__":
    main()
