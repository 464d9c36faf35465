"""Airflow's own application with our plugin in it, in this process, and runs that it knows of."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
sys.path.append(str(TESTS / "report"))  # made_up_run

RUN_ID = "finished"


@pytest.fixture(scope="session")
def runs_root(tmp_path_factory):
    return tmp_path_factory.mktemp("root")


@pytest.fixture(autouse=True)
def _root(monkeypatch, runs_root):
    """The service's own root, which the application reads when it is asked."""
    monkeypatch.setenv("NAS_ROOT", str(runs_root))


@pytest.fixture(scope="session")
def airflow_app(airflow_database):  # noqa: ARG001 - its tables
    """The API server's application."""
    from airflow.api_fastapi.app import create_app
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(str(TESTS.parent / "dags")), "dags-folder", None)
    return create_app(apps="core")


def _client(airflow_app, role):
    from airflow.api_fastapi.app import get_auth_manager
    from starlette.testclient import TestClient

    client = TestClient(airflow_app, raise_server_exceptions=False)
    return client, role and get_auth_manager().generate_jwt(_user(get_auth_manager(), role))


def _user(manager, role):
    """Somebody with a role, under whichever auth manager the tests run."""
    if type(manager).__name__ == "FabAuthManager":
        name = f"a {role}"
        with manager.flask_app.app_context():
            users = manager.security_manager
            named = users.find_role(role.capitalize())
            return users.find_user(name) or users.add_user(name, name, name, f"{role}@example.org", named, "x")
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    return SimpleAuthManagerUser(username=f"a {role}", role=role.upper())


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium."""
    from browser import CHROMIUM
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed.")
    with sync_playwright() as playwright:
        # A sandbox of its own needs rights that a container's root does not have.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def token_of(airflow_app):
    """The token of a role, which a browser keeps in a cookie."""
    return lambda role: _client(airflow_app, role)[1]


@pytest.fixture
def as_role(airflow_app):
    """A client that is signed in with a role, as a program is; None: not signed in."""

    def make(role):
        client, token = _client(airflow_app, role)
        if token:
            client.headers["Authorization"] = f"Bearer {token}"
        return client

    return make


@pytest.fixture
def with_cookie(airflow_app):
    """A client that is signed in with a role, as a browser is."""

    def make(role):
        client, token = _client(airflow_app, role)
        client.cookies.set("_token", token)
        return client

    return make


@pytest.fixture
def known_run(airflow_app):  # noqa: ARG001 - its DAGs
    """Let Airflow know of a run at an address, as if its first task had made it."""
    made = []

    def make(run_id, address, state="success"):
        made.append(run_id)
        return add_dag_run(run_id, address, state)

    yield make
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        for run in session.scalars(select(DagRun).where(DagRun.run_id.in_(made))):
            session.delete(run)


def add_dag_run(run_id, address, state):
    from airflow.models.dag import DagModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    dag = SerializedDagModel.get_dag("generate_network")
    with create_session() as session:
        assert session.get(DagModel, "generate_network")
        dag_run = dag.create_dagrun(
            run_id=run_id,
            run_after=datetime.now(UTC),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.REST_API,
            triggering_user_name="ann",
            state=DagRunState(state),
            conf={"dataset_uri": "tumours.csv", "target": "diagnosis", "name": "tumours"},
            session=session,
        )
        session.flush()
        for task in dag_run.get_task_instances(session=session):
            task.state = "success" if state == "success" else None
        if address:
            XComModel.set(
                key="return_value", value=address, dag_id=dag.dag_id, task_id="prepare", run_id=run_id, session=session
            )
    return run_id


@pytest.fixture
def finished_run(known_run, runs_root):
    """A run that is done, as the stages leave it: made up, nothing was trained."""
    from made_up_run import write_run

    run = write_run(runs_root)
    known_run(RUN_ID, run.address)
    yield run
    shutil.rmtree(run.folder, ignore_errors=True)
