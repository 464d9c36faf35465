"""`make demo`: a real Airflow, a real dataset, the whole way, watched from outside over REST."""

from __future__ import annotations

import csv
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import standalone
from standalone import Airflow, _say

from nas_core.report import show
from nas_core.runs import layout
from nas_core.runs.run import Run, open_run

DAG = "generate_network"
BUDGET_MINUTES = 1.5
END_STATES = {"success", "failed", "upstream_failed", "skipped", "removed"}


def main() -> int:
    """Run the demo; 0 when a network came out."""
    began = time.monotonic()
    airflow = standalone.running()
    is_ours = airflow is None
    if airflow is None:
        _say("Airflow is starting …")
        airflow = standalone.start(NAS_ROOT=str(standalone.PROJECT / "runs"))
    try:
        dataset = write_dataset(standalone.PROJECT / ".nas" / "demo")
        standalone.wait_until_ready(airflow)
        _say(f"Airflow is up at {airflow.url} (user admin, password {airflow.password}).")
        address = generate(airflow, {"name": "demo", "dataset_uri": str(dataset), "target": "diagnosis"})
    finally:
        if is_ours:
            airflow.stop()
    if address is None:
        return 1
    conclude(open_run(address), airflow, still_up=not is_ours, seconds=time.monotonic() - began)
    return 0


def write_dataset(folder: Path) -> Path:
    """The breast cancer table that scikit-learn ships (569 rows, 30 columns), as a CSV file."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "breast_cancer.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*data.feature_names, "diagnosis"])
        writer.writerows([*row, data.target_names[target]] for row, target in zip(data.data, data.target, strict=True))
    return path


def generate(airflow: Airflow, conf: dict[str, Any]) -> str | None:
    """Trigger the DAG with `conf` and watch it; the run's address, or None after telling why it failed."""
    with closing(airflow.client()) as client:
        body = {"logical_date": None, "conf": conf | {"budget_minutes": BUDGET_MINUTES}}
        answer = client.post(f"/api/v2/dags/{DAG}/dagRuns", json=body)
        if answer.is_error:
            _say(f"Airflow refused the run: {answer.text}")
            return None
        run = f"/api/v2/dags/{DAG}/dagRuns/{answer.json()['dag_run_id']}"
        _say(f"Triggered {DAG} on {conf['dataset_uri']} with a budget of {BUDGET_MINUTES} minutes.")
        return watch(client, run)


def watch(client: httpx.Client, run: str) -> str | None:
    """Show stages and their log lines until the run is over."""
    told: dict[str, str] = {}
    shown: dict[str, int] = {}
    while True:
        is_over = client.get(run).json()["state"] in END_STATES  # asked first, so that no last line is missed
        for task in tasks_of(client, run):
            name, state = task["task_id"], task["state"] or "waiting"
            if state in ("running", *END_STATES):
                shown[name] = show_lines(client, run, task, shown.get(name, 0))
            if told.get(name) != state and state != "waiting":
                _say(f"  {name:<8} {state}")
                told[name] = state
        if is_over:
            break
        time.sleep(1)
    if client.get(run).json()["state"] != "success":
        tell_failure(client, run)
        return None
    address: str = client.get(f"{run}/taskInstances/prepare/xcomEntries/return_value").json()["value"]
    return address


def tasks_of(client: httpx.Client, run: str) -> list[dict[str, Any]]:
    """The tasks of a DAG run in the order in which they start."""
    tasks: list[dict[str, Any]] = client.get(f"{run}/taskInstances").json()["task_instances"]
    return sorted(tasks, key=lambda task: task["start_date"] or "~")


def show_lines(client: httpx.Client, run: str, task: dict[str, Any], seen: int) -> int:
    """Show what the stage of `task` logged since `seen` lines; how many there are now."""
    lines = [line["event"] for line in log_of(client, run, task) if "nas_core" in str(line.get("logger"))]
    for line in lines[seen:]:
        _say(f"             {line}")
    return len(lines)


def log_of(client: httpx.Client, run: str, task: dict[str, Any]) -> list[dict[str, Any]]:
    """The log of the latest try of `task`, one dictionary a line."""
    path = f"{run}/taskInstances/{task['task_id']}/logs/{max(task['try_number'], 1)}"
    answer = client.get(path, headers={"Accept": "application/json"})
    content = answer.json()["content"] if answer.is_success else []
    return [line for line in content if isinstance(line, dict)]


def tell_failure(client: httpx.Client, run: str) -> None:
    """The whole log of each task that failed."""
    for task in tasks_of(client, run):
        if task["state"] == "failed":
            _say(f"\nThe log of {task['task_id']}:")
            for line in log_of(client, run, task):
                causes = [f"    {error['exc_type']}: {error['exc_value']}" for error in line.get("error_detail") or ()]
                _say(f"  {line.get('event')}", *causes)


def conclude(run: Run, airflow: Airflow, *, still_up: bool, seconds: float) -> None:
    """What came out, and where it lies."""
    ui = airflow.url if still_up else "ended; `make up` starts it again and leaves it running"
    _say(
        "",
        show.text(show.summary(run)),
        "",
        f"report      {run.path(layout.PAGE)}",
        f"animation   {run.path(layout.FILM)}",
        f"model       {run.path(layout.EXPORT)}",
        f"Airflow UI  {ui}",
        f"{seconds:.0f} seconds in all.",
    )


if __name__ == "__main__":
    sys.exit(main())
