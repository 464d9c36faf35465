from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nas_core.export.card import model_card
from nas_core.runs import layout
from nas_core.runs.records import write_json
from nas_core.runs.run import Run, open_run

SPEED = {"bytes": 6256, "max_difference": 3e-7, "rows": 202, "latency_ms": 0.005, "rows_per_second": 2.9e6}


def run_with(tmp_path: Path, agreement: dict[str, Any], target: str = "ring") -> Run:
    run = open_run(str(tmp_path))
    columns = [
        {"name": "x|y", "type": "numeric", "role": "feature", "reason": None},
        {"name": "id", "type": "id", "role": "set aside", "reason": "every value is different"},
        {"name": target, "type": "text", "role": "target", "reason": None},
    ]
    n = {"train": 1000, "valid": 200, "test": 300}
    write_json(run.path(layout.SCHEMA), {"task": "a_task", "target": target, "n_rows": n, "columns": columns})
    layers = [{"layer": "dense", "params": {"activation": "relu", "units": 32}}, {"layer": "head", "params": {}}]
    write_json(run.path(layout.ARCHITECTURE), {"parameters": 12345, "layers": layers})
    figures = {"log_loss": 0.1234567, "accuracy": 0.9, "roc_auc": None}
    baselines = {"majority": {"log_loss": 0.69, "accuracy": 0.5}, "linear": {"log_loss": 0.3, "accuracy": 0.8}}
    write_json(run.path(layout.METRICS), {"metric": "log_loss", "test": figures, "baselines": baselines, "folds": 5})
    write_json(run.path(layout.AGREEMENT), agreement)
    return run


def test_figures_stand_beside_the_baselines(tmp_path: Path) -> None:
    card = model_card(run_with(tmp_path, {"keras": SPEED, "litert": SPEED}), "rings")
    assert card.startswith("# rings\n")
    assert "| metric | this model | majority | linear |" in card
    assert "| log\\_loss | 0.123457 | 0.69 | 0.3 |" in card
    assert "| roc\\_auc |  |  |  |" in card
    assert "the mean of 5 such networks" in card
    assert "12,345 trainable weights:\n\ndense relu 32 › head" in card
    assert "| id | every value is different |" in card
    assert "| litert | 6,256 | 3.0e-07 | 0.005 ms | 2,900,000 |" in card


def test_a_format_that_failed_says_why(tmp_path: Path) -> None:
    card = model_card(
        run_with(tmp_path, {"keras": SPEED, "litert": {"error": "its process was ended by SIGSEGV"}}), "n"
    )
    assert "| litert | not exported | its process was ended by SIGSEGV |" in card


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a\n# b", "[x](http://host)", "`x`|y"])
def test_names_from_the_data_cannot_act(tmp_path: Path, name: str) -> None:
    card = model_card(run_with(tmp_path, {"keras": SPEED}, target=name), "n")
    assert name not in card
    assert "<script" not in card.replace("\\<", "") and "\n# b" not in card
