"""What kind of problem it is and how success is measured."""

from __future__ import annotations

from pydantic import Field, field_validator

from nas_core.settings import Settings
from nas_core.tasks.registry import TASKS, metric_names

TASK_NAMES = ("auto", *TASKS)
METRIC_NAMES = ("auto", *metric_names())


class TaskSettings(Settings):
    task: str = Field("auto", title="Task", json_schema_extra={"enum": list(TASK_NAMES)})
    """Kind of problem. `auto`: recognised from the target."""

    metric: str = Field("auto", title="Metric", json_schema_extra={"enum": list(METRIC_NAMES), "section": "Data"})
    """What the search improves. `auto`: log-loss for classes, RMSE for numbers."""

    @field_validator("task")
    @classmethod
    def _known_task(cls, value: str) -> str:
        return _one_of(value, TASK_NAMES)

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, value: str) -> str:
        return _one_of(value, METRIC_NAMES)


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"must be one of {', '.join(allowed)}")
    return value
