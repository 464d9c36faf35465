"""Titles and directions of metrics, as the target of the task declares them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from nas_core.report.texts.sentences import sentence_texts
from nas_core.tasks.registry import load_task


@dataclass(frozen=True)
class MetricFacts:
    """One metric: its `name` in files, its `title` for people, its `unit`, and which direction is good."""

    name: str
    title: str
    unit: str
    higher_is_better: bool

    @property
    def inside(self) -> str:
        """The title inside a sentence: ``log-loss``, but ``RMSE``."""
        return self.title[0].lower() + self.title[1:] if self.title[1:2].islower() else self.title


def metrics_of(task: str, target: str = "", language: str = "en") -> dict[str, MetricFacts]:
    """The metrics of a task by name, its default first; those in the unit of the target name `target`."""
    texts = sentence_texts(language)
    return {
        name: MetricFacts(
            name, texts.get(f"metric_{name}", metric.title), _unit(metric.unit, target), metric.higher_is_better
        )
        for name, metric in figures_of(task).METRICS.items()
    }


def figures_of(task: str) -> ModuleType:
    """The module that measures the target of `task`."""
    return import_module(f"nas_core.targets.{load_task(task).target}.figures")


def _unit(unit: str, target: str) -> str:
    return target if unit == "target" else unit
