"""What reads a person's file is a process of its own, with bounded time and memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from nas_core.errors import JobError
from nas_core.web import apart
from nas_core.web.inspect import inspect_apart


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA_FOLDERS", str(tmp_path))
    path = tmp_path / "table.csv"
    path.write_text("age,plan,churned\n" + "31,pro,yes\n44,free,no\n" * 20)
    return {"dataset_uri": str(path), "target": "churned"}


def test_a_child_answers_and_follows_what_the_server_allows_now(table, monkeypatch):
    assert inspect_apart(table)["n_rows"] == 40
    monkeypatch.setenv("NAS_DATA_FOLDERS", os.devnull)
    with pytest.raises(JobError, match="NAS_DATA_FOLDERS"):
        inspect_apart(table)


def test_a_reader_knows_no_secrets_of_airflow(table, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "a secret")
    monkeypatch.setattr(apart, "_reader", apart._Reader())
    inspect_apart(table)
    environment = Path(f"/proc/{apart._reader._process.pid}/environ").read_bytes()
    assert b"NAS_DATA_FOLDERS" in environment
    assert b"AIRFLOW_" not in environment


def test_a_child_that_takes_too_long_is_ended_and_cleared_up_after(table, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    Path(table["dataset_uri"]).write_text("age,plan,churned\n" + "31,pro,yes\n44,free,no\n" * 20_000)
    monkeypatch.setattr(apart, "SECONDS", 0.005)
    with pytest.raises(JobError, match="took longer"):
        inspect_apart(table)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_child_that_wants_too_much_memory_is_ended(table, monkeypatch):
    monkeypatch.setattr(apart, "MEMORY", 1 << 20)
    with pytest.raises(JobError, match="took too much"):
        inspect_apart(table)


def test_a_reader_that_was_killed_is_started_again(table):
    inspect_apart(table)
    process = apart._reader._process
    process.kill()
    process.wait()
    assert inspect_apart(table)["n_rows"] == 40
