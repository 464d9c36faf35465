"""Brings the service's page into Airflow: an entry *Networks*, a tab on each run, a card on the dashboard."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


async def page(scope: Any, receive: Any, send: Any) -> None:
    """Import the page at its first request: workers and the scheduler load plugins too and need none of it."""
    from nas_core.web.app import app

    await app(scope, receive, send)


class NasPlugin(AirflowPlugin):
    """Registers the page. Addresses are relative, so that Airflow may live below a path."""

    name = "nas"
    fastapi_apps = [{"app": page, "url_prefix": "/nas", "name": "nas"}]  # noqa: RUF012 - Airflow's own form
    external_views = [  # noqa: RUF012
        {
            "name": "Networks",
            "href": "nas/",
            "url_route": "networks",
            "icon": "nas/page/icon.svg",
            "icon_dark_mode": "nas/page/icon-dark.svg",
            "nav_top_level": True,
        },
        {
            "name": "Network",
            "href": "nas/?dag={DAG_ID}&run={RUN_ID}",
            "url_route": "network",
            "destination": "dag_run",
            "icon": "nas/page/icon.svg",
            "icon_dark_mode": "nas/page/icon-dark.svg",
        },
    ]
    react_apps = [  # noqa: RUF012
        {
            "name": "NetworksCard",
            "bundle_url": "nas/page/card.js",
            "url_route": "networks-card",
            "destination": "dashboard",
        },
    ]
