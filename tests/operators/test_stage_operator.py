"""The operators inside Airflow: the DAG that people trigger, run by `dag.test()` on SQLite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from nas_core.operators.stage import is_cleared

DAGS = Path(__file__).parents[2] / "dags"


@dataclass
class Try:
    try_number: int
    max_tries: int


@pytest.mark.parametrize(
    ("number", "allowed", "cleared"),
    [(1, 2, False), (2, 2, False), (3, 2, False), (2, 3, True), (3, 3, False), (4, 5, True), (5, 5, False)],
)
def test_the_first_try_after_a_clear_is_told_from_a_retry(number, allowed, cleared):
    assert is_cleared(Try(number, allowed), retries=2) is cleared


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA_FOLDERS", str(tmp_path))


def run_dag(conf):
    """Run `generate_network` with `conf` up to its first failure; its DAG run, and the states of its tasks."""
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag(str(DAGS / "generate_network.py")).dags["generate_network"]
    dag_run = dag.test(run_conf=conf)
    return dag_run, {task.task_id: task.state for task in dag_run.get_task_instances()}


@pytest.mark.usefixtures("airflow_database")
def test_a_users_mistake_fails_at_once_and_says_what_to_do(tmp_path, capfd):
    _, states = run_dag({"dataset_uri": str(tmp_path / "no.csv"), "target": "y", "root": str(tmp_path), "bugdet": 1})
    assert states["prepare"] == "failed"  # not up_for_retry
    assert "`bugdet` is not a field of a job" in capfd.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("airflow_database")
def test_a_missing_file_fails_at_once_in_a_run_named_after_the_dag_run(tmp_path, capfd):
    from nas_core.runs.run import open_run, safe_name

    missing = str(tmp_path / "no.csv")
    dag_run, states = run_dag({"dataset_uri": missing, "target": "y", "root": str(tmp_path / "runs"), "name": "made"})
    assert states["prepare"] == "failed"
    assert missing in capfd.readouterr().out
    run = open_run(str(tmp_path / "runs" / "made" / safe_name(dag_run.run_id)))
    assert run.read_job()["dataset_uri"] == missing
    assert not run.path("prepare/DONE").exists()


@pytest.mark.usefixtures("airflow_database")
@pytest.mark.parametrize("allowed", [None, "elsewhere"])
def test_a_job_reads_files_below_the_folders_of_the_service_only(tmp_path, monkeypatch, capfd, allowed):
    if allowed is None:
        monkeypatch.delenv("NAS_DATA_FOLDERS")
    else:
        monkeypatch.setenv("NAS_DATA_FOLDERS", str(tmp_path / allowed))
    (tmp_path / "t.csv").write_text("a,y\n1,2\n")
    _, states = run_dag({"dataset_uri": str(tmp_path / "t.csv"), "target": "y", "root": str(tmp_path / "runs")})
    assert states["prepare"] == "failed"
    assert "must lie in a folder that this service reads" in capfd.readouterr().out


@pytest.mark.usefixtures("airflow_database")
def test_a_database_is_read_through_an_airflow_connection(tmp_path, monkeypatch, capfd):
    import sqlite3

    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("CREATE TABLE t (a, b, y)")
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", [(i % 7, f"w{i % 3}", i % 2) for i in range(100)])
    database.close()
    monkeypatch.setenv("AIRFLOW_CONN_MY_DB", f'{{"conn_type": "sqlite", "host": "{tmp_path}/a.db"}}')
    monkeypatch.setenv("NAS_DATA_FOLDERS", "")
    conf = {"dataset_uri": "airflow://my_db", "query": "SELECT * FROM t", "target": "y", "root": str(tmp_path / "runs")}
    _, states = run_dag(conf | {"budget_minutes": 0.01, "metric": "rmse"})  # fails once the table was read
    assert states["prepare"] == "failed"
    assert "`metric` must be one of" in capfd.readouterr().out
    _, states = run_dag(conf | {"dataset_uri": "airflow://other"})
    assert states["prepare"] == "failed"
    assert "there is none called 'other'" in capfd.readouterr().out
