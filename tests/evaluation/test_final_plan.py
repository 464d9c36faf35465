"""What the final trainings are follows from what the search measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from samples import prepare_sample

from nas_core.data.prepared import Prepared
from nas_core.evaluation import final_plan
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.final_plan import (
    FINAL_ROWS,
    MAX_ALONE,
    FinalPlan,
    best_rate,
    final_seconds,
    plan_finals,
)
from nas_core.search.spaces import make_space
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.settings import SpaceSettings


def dense(*units: int) -> Architecture:
    return Architecture(tuple(Choice.of("dense", units=n, activation="relu") for n in units))


WIDE, NARROW = dense(256), dense(32)


def measured(architecture: Architecture, seconds: float, flops: int = 0) -> Evaluation:
    return Evaluation(architecture, score=0.0, epochs=10, seconds={"train": seconds}, flops=flops)


def joined(count: int, *architectures: Architecture) -> tuple[Architecture, ...]:
    return tuple(Architecture((Choice.of("members", count=count), *own)) for own in architectures)


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setattr(final_plan, "MEMBER_COST", 1.2)  # the seconds below are reckoned with it
    return prepare_sample(tmp_path, "tabular_regression")


def plan_of(
    data: Prepared, candidates: list[Evaluation], seconds: float, wanted: tuple[int, int] = (0, 0)
) -> FinalPlan:
    return plan_finals(data, make_space(data, SpaceSettings()), wanted, candidates, seconds, best_rate(candidates))


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
        plan = plan_of(data, [best, other], seconds)
        assert plan.alone == (WIDE, NARROW)
        return plan.n_folds, plan.joined

    with_rows(data, 5_000)
    assert plan(5) == (1, ())
    assert plan(23) == (1, joined(4, NARROW))
    assert plan(30) == (5, ())
    assert plan(350) == (5, ())
    assert plan(360) == (5, joined(8, WIDE, NARROW))  # whichever wins has its time
    with_rows(data, 50_000)  # 1.5 and 1.05 s
    assert plan(12) == (1, joined(8, NARROW))  # rather than four of the best
    assert plan(17) == (1, joined(8, WIDE))
    assert plan(20) == (1, joined(8, WIDE, NARROW))  # by a race
    assert plan(65) == (5, (*joined(8, NARROW), *joined(4, WIDE)))
    assert plan_of(data, [best, other], 65).share == 1


@pytest.mark.usefixtures("one_core")
def test_with_folds_the_best_are_also_made_wider_if_there_is_time(data):
    n_flops = make_space(data, SpaceSettings()).cost_of(WIDE).flops
    best, other = measured(NARROW, 0.7, n_flops // 4), measured(WIDE, 1.0, n_flops)  # wider: 6 s as well, a fold
    with_rows(data, 5_000)
    short, long, both = plan_of(data, [best], 20), plan_of(data, [best], 80), plan_of(data, [best, other], 30)
    assert short.n_folds == 5
    assert short.alone == (NARROW,)
    assert long.alone == (WIDE, NARROW)
    assert long.candidate(WIDE) == NARROW.fingerprint
    assert both.alone == (WIDE, NARROW)
    assert both.candidate(WIDE) == WIDE.fingerprint
    with_rows(data, 50_000)
    assert plan_of(data, [best], 95).alone == (NARROW,)
    assert plan_of(data, [best], 95).joined == joined(8, NARROW)
    assert plan_of(data, [best], 185).joined == (*joined(8, NARROW), *joined(4, WIDE))
    assert plan_of(data, [best], 185).candidate(*joined(4, WIDE)) == NARROW.fingerprint


@pytest.mark.usefixtures("one_core")
def test_racers_are_the_best_that_are_not_much_the_same(data):
    siblings = [dense(64, 64, n) for n in (32, 64, 128, 256)]
    other, poor = dense(32, 32), dense(128, 128)
    ranked = [measured(each, 1.0) for each in (*siblings, *[dense(64, 64, 32, n) for n in (32, 64)], other)]
    ranked += [measured(dense(64, 64, n, 64), 1.0) for n in (64, 128)] * 12 + [measured(poor, 1.0)]
    with_rows(data, 5_000)
    assert plan_of(data, ranked, 1e4).joined == joined(8, *siblings[:3], other)  # three in any case
    assert plan_of(data, ranked, 1e4, wanted=(0, 3)).joined == joined(8, *siblings[:3])
    assert plan_of(data, ranked, 1e4, wanted=(0, 1)).joined == joined(8, siblings[0])
    assert len(plan_of(data, ranked, 1e4).alone) == MAX_ALONE


def test_each_core_has_members_of_its_own(data, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    best, other = measured(WIDE, 1.0), measured(NARROW, 0.7)
    with_rows(data, 50_000)
    plan = plan_of(data, [best, other], 17)
    assert plan.joined == joined(8, WIDE, NARROW)
    assert [plan.candidate(each) for each in plan.joined] == [WIDE.fingerprint, NARROW.fingerprint]
    assert plan_of(data, [best, other], 12).joined == (*joined(8, NARROW), *joined(4, WIDE))


@pytest.mark.usefixtures("one_core")
def test_folds_are_the_jobs_and_never_across_time(data):
    assert plan_of(with_rows(data, 5_000), [measured(WIDE, 1.0)], 1e6, wanted=(2, 0)).n_folds == 2
    data.schema["split"] = "time"
    plan = plan_of(data, [measured(WIDE, 1.0)], 1e6)
    assert (plan.n_folds, plan.joined) == (1, joined(8, WIDE))
