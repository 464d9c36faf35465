"""The learning problems this service knows. Each entry is a dotted name, resolved when it is used."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from nas_core.tasks.task import Task

TASKS = {
    "tabular_classification": "nas_core.tasks.tabular_classification.task:TASK",
    "tabular_regression": "nas_core.tasks.tabular_regression.task:TASK",
    "image_classification": "nas_core.tasks.image_classification.task:TASK",
    "image_regression": "nas_core.tasks.image_regression.task:TASK",
}


def load_task(name: str) -> Task:
    """Return the task registered as `name`; KeyError when there is none."""
    module, _, attribute = TASKS[name].partition(":")
    task: Task = getattr(import_module(module), attribute)
    return task


def load_part(task: str, end: Literal["input", "target"], part: str) -> Any:
    """The module `part` (transform, stem, columns; encode, head, figures, …) of the input or target of `task`."""
    return import_module(f"nas_core.{end}s.{getattr(load_task(task), end)}.{part}")


def find_part(task: str, end: Literal["input", "target"], part: str) -> Any | None:
    """The same of a `part` that not all inputs or targets have; None where there is none."""
    name = f"nas_core.{end}s.{getattr(load_task(task), end)}.{part}"
    return load_part(task, end, part) if find_spec(name) else None


def metric_names() -> tuple[str, ...]:
    """Every metric that some task knows, each once, in the order of the registry."""
    return tuple(dict.fromkeys(metric for name in TASKS for metric in load_task(name).metrics))
