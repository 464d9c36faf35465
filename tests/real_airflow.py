"""One Airflow for all tests of a file that need a real one: starting it takes longer than most of them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import standalone

ROLES = ("viewer", "user", "op", "admin")


@pytest.fixture(scope="module")
def airflow_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it lives; runs lie in ``runs``."""
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="module")
def statsd() -> Iterator[socket.socket]:
    """A socket to which Airflow sends its metrics."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiver.setblocking(False)
        yield receiver


@pytest.fixture(scope="module")
def airflow(airflow_folder: Path, statsd: socket.socket) -> Iterator[standalone.Airflow]:
    """A running Airflow, with a user for each role."""
    home = airflow_folder / "home"
    home.mkdir()
    passwords = {role: standalone.secrets.token_urlsafe(12) for role in ROLES}
    (home / "passwords.json").write_text(json.dumps(passwords))
    settings = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{role}:{role}" for role in ROLES),
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__STATSD_PORT": str(statsd.getsockname()[1]),
        "AIRFLOW__METRICS__METRICS_ALLOW_LIST": "nas",
        "NAS_ROOT": str(airflow_folder / "runs"),
        "NAS_NICE": "0",  # else a search gives way to the tests beside it, and does not end
    }
    airflow = standalone.start(home, **settings)
    try:
        standalone.wait_until_ready(airflow)
        yield airflow
    finally:
        airflow.stop()


@pytest.fixture(scope="module")
def client(airflow: standalone.Airflow) -> Iterator[httpx.Client]:
    """Its REST API, signed in as admin."""
    with httpx.Client(base_url=airflow.url, headers=airflow.client().headers, timeout=60) as client:
        yield client
