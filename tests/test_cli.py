"""The command line: options from the job's schema, exit codes, what goes to which stream."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nas_core import cli
from nas_core.job import form_schema, job_json, parse_job
from nas_core.runs.run import create_run

PROJECT = Path(__file__).parent.parent


def fields_of(*options: str) -> dict:
    return cli._job_fields(cli._parser().parse_args(["run", *options]))


def nas(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nas_core.cli", *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def run(tmp_path):
    job = parse_job({"dataset_uri": str(tmp_path / "none.csv"), "target": "y"})
    return create_run(str(tmp_path), job.name, job_json(job), "one")


def test_every_field_of_a_job_is_an_option():
    text = nas("run", "--help").stdout
    for name in form_schema():
        assert f"--{name.replace('_', '-')}" in text


def test_only_given_options_become_fields():
    assert fields_of("--target", "y", "--compare-random") == {"target": "y", "compare_random": True}


def test_lists_are_split_or_repeated_and_objects_are_json():
    columns = ["--exclude-columns", "a,b", "--exclude-columns", '["c,d", "[e"]']
    fields = fields_of(*columns, "--column-types", '{"zip": "categorical"}')
    assert fields == {"exclude_columns": ["a", "b", "c,d", "[e"], "column_types": {"zip": "categorical"}}


def test_options_override_the_job_file(tmp_path):
    file = tmp_path / "job.json"
    file.write_text('{"target": "x", "seed": 3}')
    assert fields_of("--job", str(file), "--target", "y") == {"target": "y", "seed": 3}


@pytest.mark.parametrize("content", ["[1]", "{", None])
def test_a_bad_job_file_is_named(tmp_path, content, capsys):
    file = tmp_path / "job.json"
    if content:
        file.write_text(content)
    assert cli.main(["run", "--job", str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_every_problem_is_told_at_once_without_a_stack_trace():
    done = nas("run", "--budget-minutes", "0", "--column-types", "{", "--seed", "one")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for field in ("dataset_uri", "target", "budget_minutes", "column_types", "seed"):
        assert f"`{field}`" in done.stderr


def test_a_missing_run_is_a_problem_of_the_user(tmp_path):
    done = nas("stage", "prepare", str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no run at")


def test_an_unknown_stage_is_named(run):
    done = nas("stage", "prepair", run.address)
    assert done.returncode == 2
    assert "must be one of prepare, search" in done.stderr


def test_stop_leaves_a_request(run):
    assert cli.main(["stop", run.address]) == 0
    assert run.is_stopped()


def test_stop_needs_a_run(tmp_path):
    assert cli.main(["stop", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()


def test_show_tells_of_an_unfinished_run(run, capsys):
    assert cli.main(["show", run.address, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert {"task", "metric", "test", "baselines", "n_candidates", "seconds"} <= set(summary)
    assert cli.main(["show", run.address]) == 0
    assert capsys.readouterr().out.strip()


def test_the_page_of_the_job_is_up_to_date():
    page = (PROJECT / "docs" / "job.md").read_text(encoding="utf-8")
    assert page == cli.job_markdown(), "run `make docs`"
