"""Airflow in a folder of its own: it reads its settings when it is imported, so they are set before any test is."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
_HOME = tempfile.TemporaryDirectory(prefix="nas-tests-", ignore_cleanup_errors=True)

os.environ |= {
    "AIRFLOW_HOME": _HOME.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}
pytest_plugins = ["s3_endpoint", "trained_run", "real_airflow"]  # fixtures that several rooms use

sys.path.append(str(PROJECT / "docker"))  # standalone.py starts a real Airflow


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: of several processes none is left with a long one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def airflow_database() -> Iterator[None]:
    """Airflow's tables, in SQLite."""
    from airflow.utils.db import initdb

    initdb()
    yield
    from airflow.settings import dispose_orm

    dispose_orm()
