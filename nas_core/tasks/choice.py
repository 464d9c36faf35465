"""Which task and metric a job is about."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from nas_core.data.checks import Findings
from nas_core.tasks.registry import TASKS, load_part, load_task
from nas_core.tasks.task import Task


def choose_task(asked: str, target: dict[str, Any], kinds: AbstractSet[str]) -> Task:
    """The task `asked` for; for ``auto`` the first in the registry that recognises the `target` (its profile entry)
    and whose input takes features of these `kinds`.
    """
    if asked != "auto":
        return load_task(asked)
    tasks = [load_task(name) for name in TASKS]
    fitting = [task for task in tasks if kinds & set(load_part(task.name, "input", "transform").TYPES)] or tasks
    return next((task for task in fitting if task.recognise(target)), fitting[0])


def choose_metric(asked: str, task: Task, findings: Findings) -> str:
    """The metric `asked` for; for ``auto`` the task's first. Adds an error when the task does not know it."""
    if asked == "auto":
        return task.metrics[0]
    if asked not in task.metrics:
        message = f"`metric` must be one of {', '.join(task.metrics)} for the task {task.name}, but got {asked!r}."
        findings.error(None, "metric", message, f"Choose one of them, or set `task` (here {task.name} was recognised).")
    return asked
