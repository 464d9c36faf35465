"""Brings the service's page into Airflow: an entry *Networks*, a tab on each run, a card on the dashboard."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import Any

from airflow.plugins_manager import AirflowPlugin

APP = "nas_core.web.app"


async def page(scope: Any, receive: Any, send: Any) -> None:
    """Import the page at its first request: workers and the scheduler load plugins too and need none of it."""
    if APP not in sys.modules:  # a second of work, for which others need not wait
        await asyncio.to_thread(import_module, APP)
    await import_module(APP).app(scope, receive, send)


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
