"""A real Airflow, driven over REST as a person or a service drives it."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import psutil
import pytest

from nas_core.runs import layout
from nas_core.runs.records import read_lines
from nas_core.runs.run import Run, open_run
from nas_core.tasks.tabular_classification.sample import write_sample

pytestmark = pytest.mark.slow

RUNS = "/api/v2/dags/generate_network/dagRuns"


@pytest.fixture(scope="module")
def conf(airflow_folder):
    return write_sample(airflow_folder) | {"max_candidates": 4, "budget_minutes": 10, "epochs": 20, "n_finalists": 1}


def received(statsd: socket.socket) -> Iterator[bytes]:
    with suppress(BlockingIOError):
        while True:
            yield from statsd.recv(1 << 16).splitlines()


def trigger(client: httpx.Client, conf: dict[str, Any]) -> str:
    answer = client.post(RUNS, json={"logical_date": None, "conf": conf})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["dag_run_id"])


def wait_for(what: Callable[[], Any], within: float = 300.0) -> Any:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.3)
    raise AssertionError("it did not happen in time")


def end_of(client: httpx.Client, dag_run: str) -> str:
    def state() -> Any:
        return client.get(f"{RUNS}/{dag_run}").json()["state"]

    return str(wait_for(lambda: state() in ("success", "failed") and state()))


def task_of(client: httpx.Client, dag_run: str, name: str) -> dict[str, Any]:
    task: dict[str, Any] = client.get(f"{RUNS}/{dag_run}/taskInstances/{name}").json()
    return task


def log_of(client: httpx.Client, dag_run: str, name: str, number: int) -> str:
    return client.get(
        f"{RUNS}/{dag_run}/taskInstances/{name}/logs/{number}", headers={"Accept": "application/x-ndjson"}
    ).text


def run_of(client: httpx.Client, dag_run: str) -> Run:
    return open_run(client.get(f"{RUNS}/{dag_run}/taskInstances/prepare/xcomEntries/return_value").json()["value"])


def stage_of(run: Run, name: str) -> psutil.Process | None:
    """The process that works on stage `name` of `run`."""
    for process in psutil.process_iter(["cmdline"]):
        if {"stage", name, run.address} <= set(process.info["cmdline"] or ()):
            return process
    return None


def is_at_work(process: psutil.Process) -> bool:
    """Whether it still runs; one that only waits for its parent to hear of its end does not."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"budget_minutes": 0}, "budget_minutes"), ({"algorithm": "guess"}, "algorithm"), ({"target": None}, "target")],
)
def test_a_bad_conf_is_refused_with_the_field(client, conf, wrong, words):
    answer = client.post(RUNS, json={"logical_date": None, "conf": conf | wrong})
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


def test_an_unknown_key_fails_the_first_task_at_once(client, conf, airflow_folder):
    dag_run = trigger(client, conf | {"bugdet": 1, "name": "unknown"})
    assert end_of(client, dag_run) == "failed"
    assert task_of(client, dag_run, "prepare")["try_number"] == 1
    assert "`bugdet` is not a field of a job" in log_of(client, dag_run, "prepare", 1)
    assert not (airflow_folder / "runs" / "unknown").exists()


def test_a_killed_search_goes_on_and_a_cleared_stage_is_done_anew(client, conf, statsd):
    dag_run = trigger(client, conf)
    run = wait_for(lambda: task_of(client, dag_run, "search")["state"] == "running" and run_of(client, dag_run))
    ledger = run.path(layout.CANDIDATES)
    wait_for(lambda: list(read_lines(ledger)))
    search = stage_of(run, "search")
    orphans = [search, *search.children(recursive=True)]
    os.kill(search.ppid(), signal.SIGKILL)
    wait_for(lambda: not is_at_work(search), within=5)
    before = list(read_lines(ledger))
    # Ray's agents look after their parent now and then only.
    wait_for(lambda: not any(map(is_at_work, orphans)), within=240)

    assert end_of(client, dag_run) == "success"
    assert task_of(client, dag_run, "search")["try_number"] == 2
    lines = list(read_lines(ledger))
    assert lines[: len(before)] == before
    keys = [(line["fingerprint"], line["epochs"], line["share"], line["parent"], line["seed"]) for line in lines]
    assert len(keys) == len(set(keys)) == 4

    gauges = {
        packet.split(b":")[0].decode(): float(packet.split(b":")[1].split(b"|")[0]) for packet in received(statsd)
    }
    assert gauges["airflow.nas.search.candidates"] == 4
    assert gauges["airflow.nas.search.best"] == pytest.approx(max(line["reward"] for line in lines), abs=1e-4)

    links = client.get(f"{RUNS}/{dag_run}/taskInstances/report/links").json()["extra_links"]
    assert client.get(links["Report"]).content == run.path(layout.PAGE).read_bytes()
    assert layout.PAGE in client.get(links["Run folder"]).text
    assert httpx.get(f"{client.base_url}{links['Report']}").status_code == 401
    assert client.get(links["Run folder"] + "..%2fjob.json").status_code == 404

    done = run.path("report/DONE").stat().st_mtime
    body = {"dry_run": False, "dag_run_id": dag_run, "task_ids": ["report"], "only_failed": False}
    assert client.post("/api/v2/dags/generate_network/clearTaskInstances", json=body).status_code == 200
    wait_for(lambda: task_of(client, dag_run, "report")["try_number"] == 2)
    assert end_of(client, dag_run) == "success"
    assert "report: started." in log_of(client, dag_run, "report", 2)
    assert run.path("report/DONE").stat().st_mtime > done
