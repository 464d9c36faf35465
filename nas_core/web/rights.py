"""Who may do what: Airflow's users and rights, whichever auth manager is behind them.

Viewers look, users run, operators stop and delete. A route names one of `LOOK`, `RUN` and `OPERATE`; a test walks all
routes.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.utils.session import create_session
from fastapi import Depends, HTTPException

from nas_core.web.shared import shared

DAG = "generate_network"  # what the page starts
REMEMBERED = 5.0


def _may_look_at_any(user: GetUserDep) -> None:
    """A person who may see runs of some DAG; which ones is judged run by run."""
    _require(get_auth_manager().is_authorized_dag(method="GET", access_entity=DagAccessEntity.RUN, user=user))


def _may_operate(user: GetUserDep) -> None:
    """Who may manage Airflow's pools decides what has the machine: the right that tells operators from users."""
    _require(is_operator(user))


def is_operator(user: Any) -> bool:
    """Whether `user` may stop and delete what others run."""
    return bool(get_auth_manager().is_authorized_pool(method="PUT", user=user))


def is_runner(user: Any) -> bool:
    """Whether `user` may start the page's DAG."""
    manager, dag = get_auth_manager(), DagDetails(id=DAG)
    return bool(manager.is_authorized_dag(method="POST", access_entity=DagAccessEntity.RUN, details=dag, user=user))


def readable_dags(user: Any) -> set[str]:
    """The DAGs whose runs `user` may see, as they were `REMEMBERED` seconds ago at most."""

    def ask() -> list[str]:
        with create_session() as session:
            return sorted(get_auth_manager().get_authorized_dag_ids(user=user, method="GET", session=session))

    return set(shared(("dags", str(user.get_id())), REMEMBERED, ask).value)


def _require(is_allowed: bool) -> None:
    if not is_allowed:
        raise HTTPException(403, "Your role does not allow this.")


User = GetUserDep

LOOK_AT_ANY = Depends(_may_look_at_any)
LOOK = Depends(requires_access_dag("GET", DagAccessEntity.XCOM))  # of the DAG in the path
RUN = Depends(requires_access_dag("POST", DagAccessEntity.RUN, param_dag_id=DAG))
OPERATE = (LOOK, Depends(_may_operate))
