"""What `nas show` says, at any moment of a run's life."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from made_up_run import MakeRun

from nas_core.errors import JobError
from nas_core.report.show import summary, text
from nas_core.runs import layout
from nas_core.runs.run import open_run


def test_a_finished_run(make_run: MakeRun) -> None:
    shown = summary(make_run("labels", 30))
    assert json.loads(json.dumps(shown)) == shown
    assert shown["task"] == "tabular_classification"
    assert shown["test"]["accuracy"] == 0.9737
    assert set(shown["baselines"]) == {"majority", "linear"}
    assert shown["n_candidates"] == 30
    assert shown["seconds"]["total"] == pytest.approx(shown["seconds"]["search"] + 1.4 + 14.2 + 12.9)
    assert "0.9737" in text(shown)
    assert "linear model" in text(shown)


@pytest.mark.parametrize("n_done", [0, 1, 2, 3, 4])
def test_an_unfinished_run_says_which_stages_are_done(make_run: MakeRun, n_done: int) -> None:
    run = make_run("values", 10)
    stages = ["prepare", "search", "train", "export"]
    for stage in stages[n_done:]:
        shutil.rmtree(run.path(stage))
    shown = summary(run)
    assert [name for name, is_done in shown["stages"].items() if is_done] == stages[:n_done]
    assert (shown["test"] is None) == (n_done < 3)
    assert "not done" in text(shown)


def test_a_search_that_still_runs_shows_its_best(make_run: MakeRun) -> None:
    run = make_run("labels", 10)
    run.path("search/DONE").unlink()
    with run.path(layout.CANDIDATES).open("a") as file:
        file.write('{"number": 10, "sco')
    shown = summary(run)
    assert shown["n_candidates"] == 10
    assert shown["best_score"] is not None
    assert "search" not in shown["seconds"]


def test_no_run_at_all(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no run"):
        summary(open_run(str(tmp_path)))


def test_texts_from_the_data_cannot_move_the_cursor(make_run: MakeRun) -> None:
    run = make_run("labels", 3, texts=["\x1b[2Jname", "b", "c"])
    assert "\x1b" not in text(summary(run))
