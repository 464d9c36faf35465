from __future__ import annotations

import datetime as dt
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from nas_core.data import source
from nas_core.data.readers.dialect import Dialect
from nas_core.data.readers.files import open_files
from nas_core.errors import JobError

ROWS: list[tuple[Any, ...]] = [(1, "a", 1.5, True), (2, None, None, False), (3, "ü", -2.0, None)]
TEXTS = [
    {"n": "1", "word": "a", "x": "1.5"},
    {"n": "2", "word": None, "x": None},
    {"n": "3", "word": "ü", "x": "-2"},
]


def read(uri: str, query: str, folder: Path) -> list[dict[str, Any]]:
    reader = open_files(source.fetch(uri, folder, query), folder, Dialect())
    return pa.Table.from_batches(list(reader.batches())).to_pylist()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    database = sqlite3.connect(tmp_path / "a.db")
    database.execute("CREATE TABLE t (n INTEGER, word TEXT, x REAL, flag BOOLEAN)")
    database.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", ROWS)
    database.commit()
    database.close()
    return f"sqlite:///{tmp_path}/a.db"


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A real server on a port of this machine; it refuses to run as root."""
    path = os.pathsep.join(
        [os.environ["PATH"], *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    )  # where Debian has them
    programs = [shutil.which(name, path=path) for name in ("initdb", "pg_ctl")]
    if None in programs:
        pytest.skip("needs PostgreSQL's initdb and pg_ctl (Debian: postgresql)")
    initdb, pg_ctl = map(str, programs)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    folder = Path("/tmp") / f"nas-postgres-{port}"  # a folder that the other user can reach
    folder.mkdir(mode=0o777)
    become: dict[str, Any] = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        become = {"user": nobody.pw_uid, "group": nobody.pw_gid}
    run = partial(subprocess.check_call, cwd=folder, stdout=subprocess.DEVNULL, **become)
    password = folder / "password"
    password.write_text("s3/cr@et\n")
    password.chmod(0o644)
    command = [initdb, "-D", str(folder / "data"), "-U", "ann", "--auth=scram-sha-256", f"--pwfile={password}", "-N"]
    run(command)
    options = f"-h 127.0.0.1 -p {port} -k {folder} -F"
    start = [pg_ctl, "-D", str(folder / "data"), "-w", "-l", str(folder / "log"), "-o", options]
    run([*start, "start"])
    try:
        yield f"postgres://ann:s3%2Fcr%40et@127.0.0.1:{port}/postgres"
    finally:
        run([pg_ctl, "-D", str(folder / "data"), "-m", "immediate", "stop"])
        shutil.rmtree(folder)


def test_sqlite(sqlite: str, tmp_path: Path) -> None:
    assert read(sqlite, "SELECT n, word, x FROM t ORDER BY n", tmp_path / "d") == TEXTS


def test_the_fingerprint_changes_with_the_rows_not_with_their_order(sqlite: str, tmp_path: Path) -> None:
    up, down = (source.fingerprint(sqlite, f"SELECT * FROM t ORDER BY n {way}") for way in ("ASC", "DESC"))
    assert up == down
    database = sqlite3.connect(tmp_path / "a.db")
    database.execute("UPDATE t SET n = 9 WHERE n = 1")
    database.commit()
    database.close()
    assert source.fingerprint(sqlite, "SELECT * FROM t") != up


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (None, "`query` must say which rows"),
        ("SELECT * FROM absent", "no such table: absent"),
        ("SELEC", "syntax error"),
        ("DELETE FROM t", "readonly"),
        ("DROP TABLE t", "readonly"),
        ("CREATE TABLE u (a)", "readonly"),
        ("SELECT n AS a, x AS a FROM t", r"\['a'\] more than once"),
    ],
)
def test_a_query_that_gives_no_rows_is_said_so(sqlite: str, tmp_path: Path, query: str | None, words: str) -> None:
    with pytest.raises(JobError, match=words):
        source.fetch(sqlite, tmp_path / "d", query)
    assert len(read(sqlite, "SELECT * FROM t", tmp_path / "e")) == 3


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"there is no file .*none\.db"):
        source.fetch(f"sqlite:///{tmp_path}/none.db", tmp_path, "SELECT 1")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["uri", "json"])
def test_an_airflow_connection(sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    path = sqlite.removeprefix("sqlite:///")
    text = f'{{"conn_type": "sqlite", "host": "{path}"}}' if form == "json" else "sqlite://" + path.replace("/", "%2F")
    monkeypatch.setenv("AIRFLOW_CONN_MY_DB", text)
    monkeypatch.setenv("NAS_DATA_FOLDERS", "")  # as in a service
    assert read("airflow://my_db", "SELECT n, word, x FROM t ORDER BY n", tmp_path / "d") == TEXTS
    with pytest.raises(JobError, match="AIRFLOW_CONN_OTHER"):
        source.fetch("airflow://other", tmp_path, "SELECT 1")


def test_a_service_takes_databases_from_airflow_only(sqlite: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("NAS_DATA_FOLDERS", "/")
    with pytest.raises(JobError, match="must name an Airflow connection"):
        source.fetch(sqlite, tmp_path / "d", "SELECT * FROM t")


def test_postgres(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PG", postgres)
    monkeypatch.setenv("NAS_DATA_FOLDERS", "")
    values = "(1, 'a', 1.5::numeric, true, DATE '2024-02-03'), (2, NULL, NULL, NULL, NULL)"
    query = f"SELECT * FROM (VALUES {values}) AS t (n, word, x, flag, day) ORDER BY n"
    assert read("airflow://pg", query, tmp_path / "d") == [
        {"n": "1", "word": "a", "x": str(Decimal("1.5")), "flag": "true", "day": str(dt.date(2024, 2, 3))},
        dict.fromkeys(("word", "x", "flag", "day")) | {"n": "2"},
    ]
    many = "SELECT g AS n FROM generate_series(1, 25000) AS g"
    assert [row["n"] for row in read("airflow://pg", many, tmp_path / "e")] == [str(n) for n in range(1, 25_001)]
    assert source.fingerprint("airflow://pg", many)["rows"] == 25_000
    for bad in ("CREATE TABLE t (a int)", "SELECT 1; CREATE TABLE t (a int)", "COPY (SELECT 1) TO '/tmp/nas-out'"):
        with pytest.raises(JobError, match=r"must be a database that answers"):
            source.fetch("airflow://pg", tmp_path / "f", bad)


def test_a_password_of_a_database_is_never_told(postgres: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_PG", postgres.replace("et@", "et-wrong@"))
    for uri in ("airflow://pg", postgres.replace("postgres://", "postgresql://").replace("et@", "et-wrong@")):
        with pytest.raises(JobError, match="password authentication failed") as caught:
            source.fetch(uri, tmp_path, "SELECT 1")
        assert "s3" not in str(caught.value)
