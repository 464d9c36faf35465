"""The stage as `nas stage report` runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from made_up_run import MakeRun

from nas_core.errors import JobError
from nas_core.runs import layout
from nas_core.stage import execute

HEAVY = ("keras", "tensorflow", "ray", "torch", "boto3", "sklearn")  # pyarrow itself loads pandas
FIGURES = {f"figures/{name}" for name in ("search.png", "winner.png", "network.png", "network.svg")}
FILES = {"facts.json", "report.html", "report.xlsx", "learning.mp4", "learning.gif"} | FIGURES


def test_the_report_is_written_and_copied_to_the_destination(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("values", 5, destination=str(tmp_path / "out"))
    report = execute("report", run)
    assert set(report["files"]) == FILES
    assert run.path("report/DONE").exists()
    copied = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {f"report/{name}" for name in FILES} | {"export/model.keras"} <= copied


def test_it_needs_the_other_stages(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    run.path("export/DONE").unlink()
    with pytest.raises(JobError, match="export"):
        execute("report", run)


def test_it_loads_nothing_heavy(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    program = (
        "import sys; from nas_core.runs.run import open_run; from nas_core.stage import execute;"
        f"execute('report', open_run({run.address!r})); print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
    assert run.path(layout.WORKBOOK).exists()
