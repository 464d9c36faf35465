from __future__ import annotations

from typing import Any

import pytest

from nas_core.data.checks import Findings
from nas_core.tasks.choice import choose_metric, choose_task
from nas_core.tasks.registry import load_task


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"type": "categorical"}, "tabular_classification"),
        ({"type": "boolean"}, "tabular_classification"),
        ({"type": "numeric", "n_distinct": 2, "integer": True, "min": 0, "max": 1}, "tabular_classification"),
        ({"type": "numeric", "n_distinct": 10, "integer": True, "min": 0, "max": 9}, "tabular_classification"),
        ({"type": "numeric", "n_distinct": 7, "integer": True, "min": 3, "max": 9}, "tabular_regression"),
        ({"type": "numeric", "n_distinct": 7, "integer": True, "min": 0, "max": 50}, "tabular_regression"),
        ({"type": "numeric", "n_distinct": 900, "integer": False, "min": 0, "max": 1}, "tabular_regression"),
    ],
)
def test_the_task_is_recognised_from_the_target(target: dict[str, Any], expected: str) -> None:
    assert choose_task("auto", target, {"numeric"}).name == expected


def test_a_task_that_was_asked_for_is_taken() -> None:
    assert choose_task("tabular_regression", {"type": "categorical"}, {"numeric"}).name == "tabular_regression"


def test_the_metric_is_the_tasks_first_unless_asked_for() -> None:
    findings = Findings()
    task = load_task("tabular_regression")
    assert choose_metric("auto", task, findings) == "rmse"
    assert choose_metric("mae", task, findings) == "mae"
    assert not findings.items
    choose_metric("accuracy", task, findings)
    assert "`metric` must be one of rmse, mae, r2" in findings.items[0].message
