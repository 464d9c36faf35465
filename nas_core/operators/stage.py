"""One stage of a run as an Airflow task: a child process is started and followed, its end is translated."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.sdk.observability import stats

from nas_core import child
from nas_core.errors import JobError
from nas_core.operators.links import RunFolderLink

NICENESS = "10"


class StageOperator(BaseOperator):
    """Does the stage named `stage` of the run at the address `run`, and returns that address.

    A task that was killed is tried again and continues where it was; a JobError fails it at once, as trying again
    would not help; clearing a finished task does its stage anew. `queue`, `pool`, `executor` and `executor_config`
    place it like any task.
    """

    stage: str
    template_fields: Sequence[str] = ("run",)
    operator_extra_links: tuple[Any, ...] = (RunFolderLink(),)
    ui_color = "#dcecf5"

    def __init__(self, *, run: str = "", retries: int = 2, retry_delay: Any = timedelta(seconds=5), **kwargs: Any):
        super().__init__(retries=retries, retry_delay=retry_delay, **kwargs)
        self.run = run
        self._child: subprocess.Popen[str] | None = None

    def execute(self, context: Any) -> str:
        """Start the stage in a child and follow it to its end."""
        task_instance = context["ti"]
        for link in self.operator_extra_links:  # Airflow sets them at the end; a person wants them now
            task_instance.xcom_push(link.xcom_key, link.get_link(self, ti_key=task_instance))
        with airflow_failures(self.log):
            address = self.address(context)
            anew = is_cleared(task_instance, self.retries)
            self._child = child.start(self.stage, address, anew=anew, environment=self.environment())
            child.follow(self._child, self.log.info, partial(send_gauges, self.dag_id))
        return address

    def address(self, _: Any) -> str:
        """The address of the run to work on."""
        return self.run

    def environment(self) -> dict[str, str]:
        """What the child's environment has beside this process's.

        Unless the service says otherwise it reads no local data, and gives way to Airflow's own processes.
        """
        return {
            "NAS_DATA_FOLDERS": os.environ.get("NAS_DATA_FOLDERS", ""),
            "NAS_NICE": os.environ.get("NAS_NICE", NICENESS),
        }

    def on_kill(self) -> None:
        """End the child and all its processes: the task was stopped or ran out of time."""
        if self._child:
            child.kill(self._child)


def send_gauges(dag_id: str, gauges: dict[str, float]) -> None:
    """Send figures of a stage's progress to Airflow's StatsD or OpenTelemetry, where one is configured."""
    for name, value in gauges.items():
        stats.gauge(f"nas.{name}", value, tags={"dag_id": dag_id})


@contextmanager
def airflow_failures(log: Any) -> Iterator[None]:
    """Turn the errors of a stage into Airflow's: a JobError fails without another try, its problems lines of `log`."""
    try:
        yield
    except JobError as error:
        for problem in error.problems:
            log.error(problem)
        raise AirflowFailException(str(error)) from None
    except child.StageError as error:
        raise AirflowException(str(error)) from None


def is_cleared(task_instance: Any, retries: int) -> bool:
    """Whether this is the first try after a person cleared the task.

    Clearing raises the number of tries allowed by those already made, so that it is `retries` more than the try that
    comes next.
    """
    number = int(task_instance.try_number)
    return number > 1 and number == task_instance.max_tries - retries + 1
