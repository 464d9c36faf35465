"""Rows of a database, read once in a read-only transaction into an Arrow file of texts.

Cells become texts, as those of a CSV file are, because drivers give a column's values in whatever types they like.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from nas_core.data.address import AIRFLOW, connection_variable, scheme, shown
from nas_core.data.limits import limits
from nas_core.data.readers.reader import cell_text, check_names
from nas_core.errors import JobError

BATCH = 10_000
# Airflow's names of kinds of connections that SQLAlchemy calls otherwise.
DIALECTS = {"postgres": "postgresql", "mssql": "mssql+pyodbc"}


def is_database(uri: str) -> bool:
    """Whether SQLAlchemy knows the scheme, or it names an Airflow connection."""
    from sqlalchemy.dialects import registry
    from sqlalchemy.exc import ArgumentError

    kind = scheme(uri)
    if kind == AIRFLOW:
        return True
    try:
        registry.load(kind.replace("+", "."))
    except (ArgumentError, ImportError):
        return False
    return True


def download(uri: str, query: str | None, part: Path, most_rows: int | None = None) -> None:
    """Write the rows that `query` gives, or `most_rows` of them, to the Arrow file `part`; empty cells are null."""
    limit = limits()
    most, deadline = limit.max_download_mb << 20, time.monotonic() + limit.fetch_seconds
    with _rows(uri, query) as (names, rows):
        schema = pa.schema([(name, pa.string()) for name in names])
        with part.open("wb") as file, pa.ipc.new_file(file, schema) as writer:
            for block in _blocks(itertools.islice(rows, most_rows)):
                columns = [pa.array(map(cell_text, cells), pa.string()) for cells in zip(*block, strict=True)]
                writer.write_batch(pa.record_batch(columns, schema=schema))
                if file.tell() > most:
                    raise JobError(f"must give at most {most >> 20:,} MB (`NAS_MAX_DOWNLOAD_MB`), but gives more.")
                if time.monotonic() > deadline:
                    raise JobError(f"must answer within {limit.fetch_seconds:,} s (`NAS_FETCH_SECONDS`), but does not.")


def fingerprint(uri: str, query: str | None) -> dict[str, Any]:
    """The number of rows and a digest of them that does not depend on their order."""
    n_rows, total = 0, 0
    with _rows(uri, query) as (names, rows):
        for block in _blocks(rows):
            n_rows += len(block)
            for row in block:
                digest = hashlib.blake2b(repr(tuple(row)).encode(), digest_size=16).digest()
                total = (total + int.from_bytes(digest, "little")) % (1 << 128)
    return {"columns": names, "rows": n_rows, "digest": f"{total:032x}"}


def _blocks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while block := list(itertools.islice(rows, BATCH)):
        yield block


@contextmanager
def _rows(uri: str, query: str | None) -> Iterator[tuple[list[str], Iterator[Any]]]:
    """Column names and rows as the database sends them; nothing that the query changes is kept."""
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    if not query:
        raise JobError("is a database, so that `query` must say which rows to read, but got none.")
    try:
        engine = sqlalchemy.create_engine(_url(uri), poolclass=sqlalchemy.NullPool)
        with engine.connect().execution_options(stream_results=True, yield_per=BATCH) as connection:
            _read_only(connection)
            result = connection.exec_driver_sql(query)
            if not result.returns_rows:
                raise JobError("`query` must be one that gives rows (SELECT …), but gives none.")
            names = check_names([str(name) for name in result.keys()])  # noqa: SIM118 - no mapping
            yield names, iter(result)
    except (SQLAlchemyError, ImportError) as error:
        raise JobError(f"must be a database that answers `query`, but {shown(uri)!r} says: {_reason(error)}.") from None


def _read_only(connection: Any) -> None:
    if connection.dialect.name == "postgresql":
        connection.execution_options(postgresql_readonly=True)
    elif connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")


def _url(uri: str) -> Any:
    """SQLAlchemy's URL. A service takes databases from Airflow's connections only: a job cannot point it anywhere."""
    from sqlalchemy.engine import make_url

    if scheme(uri) == AIRFLOW:
        return make_url(_connection(uri))
    if limits().data_folders is not None:
        raise JobError(f"must name an Airflow connection (airflow://name) in this service, but got {shown(uri)!r}.")
    url = make_url(uri)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise JobError(f"must be a database that is there, but there is no file {url.database!r}.")
    return url


def _connection(uri: str) -> str:
    """The URL of an Airflow connection, which stands in the environment as Airflow puts it there: URI or JSON."""
    variable = connection_variable(uri)
    text = os.environ.get(variable)
    if not text:
        raise JobError(f"must name an Airflow connection, but there is none: add it to Airflow, or set {variable}.")
    return _from_json(json.loads(text)) if text.lstrip().startswith("{") else _from_uri(text)


def _from_uri(text: str) -> str:
    kind, _, rest = text.partition("://")
    rest = re.split(r"[?]", rest, maxsplit=1)[0]  # extras of Airflow's hooks mean nothing to a driver
    if kind == "sqlite":
        return "sqlite:////" + unquote(rest).lstrip("/")
    return f"{DIALECTS.get(kind, kind)}://{rest}"


def _from_json(fields: dict[str, Any]) -> str:
    from sqlalchemy.engine import URL

    kind = str(fields.get("conn_type") or "")
    url = URL.create(
        DIALECTS.get(kind, kind),
        fields.get("login"),
        fields.get("password"),
        fields.get("host") if kind != "sqlite" else None,
        fields.get("port"),
        fields.get("schema") if kind != "sqlite" else fields.get("host"),
    )
    return url.render_as_string(hide_password=False)


def _reason(error: Exception) -> str:
    """The driver's own first line, which holds no password."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
