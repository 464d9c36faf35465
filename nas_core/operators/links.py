"""Buttons on a task in Airflow's UI that lead to the run's files (served by :mod:`nas_core.web.files`)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from airflow.sdk import BaseOperatorLink
from airflow.sdk.configuration import conf

from nas_core.runs import layout


class RunFolderLink(BaseOperatorLink):
    """Leads to everything that the run holds so far."""

    name = "Run folder"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """The address of the run's page."""
        return files_url(ti_key)


class ReportLink(BaseOperatorLink):
    """Leads to the report's page."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """The address of the page, which the report stage writes."""
        return files_url(ti_key) + layout.PAGE


def files_url(ti_key: Any) -> str:
    """Where the files of the DAG run that `ti_key` belongs to are served, on whatever host the page was read from."""
    base = urlsplit(conf.get("api", "base_url", fallback=None) or "").path.rstrip("/")
    return f"{base}/nas/runs/{quote(ti_key.dag_id, safe='')}/{quote(ti_key.run_id, safe='')}/"
