"""A finished run for every test of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_up_run import MakeRun, write_run

from nas_core.runs.run import Run


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """``make_run("labels", 30)`` writes a finished run (without its report) below the test's folder."""

    def make(kind: str = "labels", n_candidates: int = 30, **more: Any) -> Run:
        return write_run(tmp_path / "runs", kind, n_candidates, **more)

    return make
