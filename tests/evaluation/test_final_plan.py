"""What the final trainings are follows from what the search measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nas_core.data.prepared import Prepared
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.final_plan import (
    FINAL_ROWS,
    MEMBER_COST,
    FinalPlan,
    count_cores,
    final_seconds,
    plan_finals,
)
from nas_core.job import job_json, parse_job
from nas_core.runs.run import create_run
from nas_core.space.architecture import Architecture, Choice
from nas_core.stage import execute
from nas_core.tasks.registry import load_task

WIDE, NARROW = (Architecture((Choice.of("dense", units=n, activation="relu"),)) for n in (256, 32))


def measured(architecture: Architecture, seconds: float) -> Evaluation:
    return Evaluation(architecture, score=0.0, epochs=10, seconds={"train": seconds})


def joined(count: int, architecture: Architecture) -> Architecture:
    return Architecture((Choice.of("members", count=count), *architecture))


@pytest.fixture
def data(tmp_path):
    job = parse_job(load_task("tabular_regression").sample(tmp_path) | {"task": "tabular_regression"})
    run = create_run(str(tmp_path), "sample", job_json(job), "1")
    execute("prepare", run)
    return Prepared(run)


def with_rows(data: Prepared, n: int) -> Prepared:
    data.schema["n_rows"] = {"train": n, "valid": n // 5}
    return data


def test_a_candidate_is_trained_until_it_has_seen_enough_rows():
    assert final_seconds(measured(WIDE, 1.0), FINAL_ROWS // 30) == pytest.approx(30 / 10)
    assert final_seconds(measured(WIDE, 1.0), 100) == 60 / 10
    assert final_seconds(measured(WIDE, 1.0), 10**8) == 15 / 10
    assert final_seconds(replace(measured(WIDE, 1.0), share=0.5), 10**8) == 2 * 15 / 10


def test_the_more_time_the_more_is_trained(data, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    best, other = measured(WIDE, 1.0), measured(NARROW, 0.1)  # 6 and 0.6 s when trained in full
    found = {
        seconds: plan_finals(with_rows(data, 5_000), 0, [best, other], seconds) for seconds in (2, 10, 30, 80, 160)
    }
    assert found == {
        2: FinalPlan(1, joined(4, NARROW)),
        10: FinalPlan(1, joined(8, NARROW)),
        30: FinalPlan(5, None),  # 24 s
        80: FinalPlan(5, joined(4, WIDE)),
        160: FinalPlan(5, joined(8, WIDE)),
    }
    assert plan_finals(data, 0, [best, other], 1) == FinalPlan(1, None)
    assert plan_finals(with_rows(data, 50_000), 0, [best, other], 15) == FinalPlan(1, joined(8, WIDE))  # 9.6 s


def test_the_rest_of_a_core_is_kept_for_networks_without_members(data, monkeypatch):
    best = measured(WIDE, 1.0)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    seconds = 8 * MEMBER_COST * final_seconds(best, 50_000)
    assert count_cores() == 1
    assert plan_finals(with_rows(data, 50_000), 0, [best], 1.1 * seconds).joined == joined(4, WIDE)
    assert plan_finals(data, 0, [best], 1.5 * seconds).joined == joined(8, WIDE)


def test_folds_are_the_jobs_and_never_across_time(data):
    assert plan_finals(with_rows(data, 5_000), 2, [measured(WIDE, 1.0)], 1e6).n_folds == 2
    data.schema["split"] = "time"
    assert plan_finals(data, 0, [measured(WIDE, 1.0)], 1e6) == FinalPlan(1, joined(8, WIDE))
