"""The rights again, under the auth manager of deployments: Airflow reads which one when it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


def test_every_route_keeps_its_rights_under_fab():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        str(Path(__file__).with_name("test_rights.py")),
    ]
    done = subprocess.run(
        command,
        env=os.environ | {"AIRFLOW__CORE__AUTH_MANAGER": FAB},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout
