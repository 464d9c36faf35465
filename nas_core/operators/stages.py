"""The five stages as operators."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk.exceptions import AirflowNotFoundException

from nas_core.data.address import AIRFLOW, connection_variable, scheme
from nas_core.data.uploads import folder_of
from nas_core.errors import JobError
from nas_core.job import Job, job_json, parse_job
from nas_core.operators.links import ReportLink, RunFolderLink
from nas_core.operators.stage import StageOperator
from nas_core.runs.run import create_run


class PrepareOperator(StageOperator):
    """Validates the job, creates its run, and turns the dataset into arrays.

    `job` holds the fields of the job, templated; None means the params of the DAG run.
    """

    stage = "prepare"
    template_fields: Sequence[str] = ("job",)

    def __init__(self, *, job: dict[str, Any] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.job = job
        self._job: Job | None = None

    def address(self, context: Any) -> str:
        """Create the run; the DAG run's id names its folder, so that every try works on the same one."""
        job = parse_job(self.job or context["params"])
        self._job = job
        return create_run(job.root, job.name, job_json(job), context["run_id"]).address

    def environment(self) -> dict[str, str]:
        """Adds what the job gives the right to: its uploads, and the connection that the dataset is read through."""
        given = super().environment()
        if self._job is None:
            return given
        uploads = [str(folder) for folder in map(folder_of, (self._job.dataset_uri, self._job.test_uri)) if folder]
        folders = [part for part in (given["NAS_DATA_FOLDERS"], *uploads) if part]
        return given | {"NAS_DATA_FOLDERS": os.pathsep.join(folders)} | connection_of(self._job)


def connection_of(job: Job) -> dict[str, str]:
    """The connection of ``airflow://name`` as the environment variable in which Airflow would look for it."""
    if scheme(job.dataset_uri) != AIRFLOW:
        return {}
    from airflow.sdk import Connection

    variable, name = connection_variable(job.dataset_uri), urlsplit(job.dataset_uri).netloc
    try:
        return {variable: Connection.get(name).as_json()}
    except AirflowNotFoundException:
        raise JobError(f"`dataset_uri` must name an Airflow connection, but there is none called {name!r}.") from None


class SearchOperator(StageOperator):
    """Searches for the architecture that suits the data."""

    stage = "search"


class TrainOperator(StageOperator):
    """Trains the best architectures in full and measures the winner."""

    stage = "train"


class ExportOperator(StageOperator):
    """Writes the model in the forms in which it is used, each executed and compared."""

    stage = "export"


class ReportOperator(StageOperator):
    """Writes the workbook and the animation."""

    stage = "report"
    operator_extra_links: tuple[Any, ...] = (ReportLink(), RunFolderLink())
