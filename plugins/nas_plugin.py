"""Brings the service's page into Airflow: the files of each run, at ``/nas/runs``."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


async def files(scope: Any, receive: Any, send: Any) -> None:
    """Import the page at its first request: workers and the scheduler load plugins too and need none of it."""
    from nas_core.web.files import app

    await app(scope, receive, send)


class NasPlugin(AirflowPlugin):
    """Registers the page."""

    name = "nas"
    fastapi_apps = [{"app": files, "url_prefix": "/nas/runs", "name": "nas runs"}]  # noqa: RUF012 - Airflow's own form
