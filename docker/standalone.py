"""Airflow on this machine alone: SQLite, local processes, free ports, everything below one folder.

`make up`, `make down`, `make demo` and the tests start it here. It is for one person's machine; ``compose.yaml`` beside
it is for a server.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

PROJECT = Path(__file__).parent.parent
HOME = PROJECT / ".nas" / "airflow"

READY_WITHIN = 180.0
STARTED = "standalone.json"
LOG = "standalone.log"


@dataclass(frozen=True)
class Airflow:
    """A running Airflow: its home folder, the process that leads it (and when that began), its address and password."""

    home: str
    pid: int
    began: float
    url: str
    password: str

    def client(self) -> httpx.Client:
        """An HTTP client for ``/api/v2`` that is signed in as admin."""
        client = httpx.Client(base_url=self.url, timeout=30)
        answer = client.post("/auth/token", json={"username": "admin", "password": self.password})
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    def is_running(self) -> bool:
        """Whether the process is there and still the one that was started."""
        try:
            return psutil.Process(self.pid).create_time() == self.began
        except psutil.NoSuchProcess:
            return False

    def stop(self) -> None:
        """End it with every process it started, by their ids."""
        if self.is_running():
            leader = psutil.Process(self.pid)
            family = [leader, *leader.children(recursive=True)]
            leader.send_signal(signal.SIGINT)  # what `airflow standalone` listens to
            _, left = psutil.wait_procs(family, timeout=10)
            for process in left:
                process.kill()
            psutil.wait_procs(left, timeout=5)
        (Path(self.home) / STARTED).unlink(missing_ok=True)


def start(home: Path = HOME, **settings: str) -> Airflow:
    """Start Airflow below `home`, without waiting for it. `settings` are further environment variables."""
    home.mkdir(parents=True, exist_ok=True)
    port, log_port, trigger_port = free_ports(3)
    password = _password(home)
    with (home / LOG).open("wb") as log:
        process = subprocess.Popen(
            ["airflow", "standalone"],
            env=environment(home) | _addresses(port, log_port, trigger_port) | settings,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    airflow = Airflow(
        home=str(home),
        pid=process.pid,
        began=psutil.Process(process.pid).create_time(),
        url=f"http://127.0.0.1:{port}",
        password=password,
    )
    (home / STARTED).write_text(json.dumps(airflow.__dict__))
    return airflow


def running(home: Path = HOME) -> Airflow | None:
    """The Airflow that was started below `home` and still runs."""
    try:
        airflow = Airflow(**json.loads((home / STARTED).read_text()))
    except FileNotFoundError:
        return None
    return airflow if airflow.is_running() else None


def wait_until_ready(airflow: Airflow, dag: str = "generate_network") -> None:
    """Return when the server answers, the scheduler beats and `dag` was read. Ends the program when it does not."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if not airflow.is_running():
            break
        if _is_ready(airflow, dag):
            return
        time.sleep(0.5)
    log = (Path(airflow.home) / LOG).read_text(errors="replace")
    airflow.stop()
    sys.exit(f"{log[-4000:]}\nAirflow did not start; its last words are above.")


def environment(home: Path) -> dict[str, str]:
    """The environment of every ``airflow`` command on `home`."""
    settings = {
        "CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "4",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "API__WORKERS": "1",
        "API_AUTH__JWT_SECRET": secrets.token_hex(32),  # the one Airflow makes is too short for its own check
        "DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "EXECUTION_API__JWT_EXPIRATION_TIME": "86400",  # a task may run for hours
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        "WORKERS__EXECUTION_API_TIMEOUT": "60",  # the server answers slowly beside a search that has all cores
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",  # else every task takes 5 s more
        "WORKERS__MAX_FAILED_HEARTBEATS": "60",
    }
    # One person's machine: their own files may be read. A server names the folders it gives away.
    path = {"NAS_DATA_FOLDERS": os.environ.get("NAS_DATA_FOLDERS", "/")}
    path |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return (
        os.environ | path | {"AIRFLOW_HOME": str(home)} | {f"AIRFLOW__{key}": value for key, value in settings.items()}
    )


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _addresses(port: int, log_port: int, trigger_port: int) -> dict[str, str]:
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(log_port),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_port),
    }


def _password(home: Path) -> str:
    """The admin's password: made once, kept in a file that only its owner reads."""
    path = home / "passwords.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({"admin": secrets.token_urlsafe(12)}))
    password: str = json.loads(path.read_text())["admin"]
    return password


def _is_ready(airflow: Airflow, dag: str) -> bool:
    try:
        with closing(airflow.client()) as client:
            health = client.get("/api/v2/monitor/health").json()
            alive = all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor"))
            return alive and client.get(f"/api/v2/dags/{dag}").status_code == httpx.codes.OK
    except (httpx.HTTPError, KeyError):
        return False


def _say(*lines: Any) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def main() -> None:
    """``standalone.py up|down``."""
    (action,) = sys.argv[1:]
    airflow = running()
    if action == "down":
        if airflow:
            airflow.stop()
        _say("Airflow is down.")
        return
    if airflow is None:
        _say("Airflow is starting …")
        airflow = start()
    wait_until_ready(airflow)
    _say(
        f"Airflow   {airflow.url}  (user admin, password {airflow.password})",
        f"log       {airflow.home}/{LOG}",
        "end it    make down",
    )


if __name__ == "__main__":
    main()
