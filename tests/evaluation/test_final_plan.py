"""What the final trainings are follows from what the search measured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nas_core.data.prepared import Prepared
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.final_plan import (
    FINAL_ROWS,
    FinalPlan,
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


def joined(count: int, *architectures: Architecture) -> tuple[Architecture, ...]:
    return tuple(Architecture((Choice.of("members", count=count), *own)) for own in architectures)


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
    assert final_seconds(measured(WIDE, 1.0), FINAL_ROWS // 40) == 40 / 10
    assert final_seconds(measured(WIDE, 1.0), 100) == 60 / 10
    assert final_seconds(measured(WIDE, 1.0), 10**8) == 15 / 10
    assert final_seconds(replace(measured(WIDE, 1.0), share=0.5), 10**8) == 2 * 15 / 10


@pytest.fixture
def one_core(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})


@pytest.mark.usefixtures("one_core")
def test_the_more_time_the_more_is_trained(data):
    best, other = measured(WIDE, 1.0), measured(NARROW, 0.7)  # 6 and 4.2 s when trained in full

    def plan(seconds):
        return plan_finals(data, 0, [best, other], seconds)

    with_rows(data, 5_000)
    assert plan(5) == FinalPlan(1, ())
    assert plan(20) == FinalPlan(1, joined(4, NARROW))
    assert plan(30) == FinalPlan(5, ())
    assert plan(300) == FinalPlan(5, joined(8, NARROW))
    assert plan(420) == FinalPlan(5, joined(8, WIDE))
    with_rows(data, 50_000)  # 1.5 and 1.05 s
    assert plan(10) == FinalPlan(1, joined(8, NARROW))  # rather than four of the best
    assert plan(15) == FinalPlan(1, joined(8, WIDE))
    assert plan(60) == FinalPlan(5, joined(4, WIDE))


def test_each_core_has_members_of_its_own(data, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    best, other = measured(WIDE, 1.0), measured(NARROW, 0.7)
    assert plan_finals(with_rows(data, 50_000), 0, [best, other], 15).joined == joined(8, WIDE, NARROW)
    assert plan_finals(with_rows(data, 50_000), 0, [best, other], 10).joined == (*joined(8, NARROW), *joined(4, WIDE))


@pytest.mark.usefixtures("one_core")
def test_folds_are_the_jobs_and_never_across_time(data):
    assert plan_finals(with_rows(data, 5_000), 2, [measured(WIDE, 1.0)], 1e6).n_folds == 2
    data.schema["split"] = "time"
    assert plan_finals(data, 0, [measured(WIDE, 1.0)], 1e6) == FinalPlan(1, joined(8, WIDE))
