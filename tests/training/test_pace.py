"""When a fit changes its step, goes back, and ends."""

from __future__ import annotations

import math

import pytest

from nas_core.training.pace import DROP, TAIL, Pace, Plan


def test_the_step_falls_to_zero_over_the_tail():
    pace = Pace(Plan(10, learning_rate=1.0), n_passes=1)
    steps = []
    while not pace.is_over:
        steps.append(pace.step)
        pace.record(1.0, 1.0)
    assert steps[:5] == [1.0] * 5
    assert steps[5:] == pytest.approx([0.5 / TAIL, 0.4 / TAIL, 0.3 / TAIL, 0.2 / TAIL, 0.1 / TAIL])


def test_after_its_patience_it_goes_back_in_smaller_steps_until_they_are_too_small():
    pace, turns = Pace(Plan(10_000, learning_rate=1.0, patience=6), n_passes=2), []
    assert pace.record(1.0, 0.5)
    while not pace.is_over:
        assert not pace.record(0.1, 0.6)
        turns.append(pace.goes_back())
    assert turns == [False, False, True] * 4
    assert pace.step == pytest.approx(DROP**4)
    assert [row["epoch"] for row in pace.history[:3]] == [2, 4, 6]


def test_without_a_best_epoch_there_is_nothing_to_go_back_to():
    pace = Pace(Plan(100, patience=1), n_passes=1)
    assert not pace.record(math.nan, math.nan)
    assert not pace.goes_back()


def test_it_ends_before_an_epoch_that_would_take_too_long():
    pace = Pace(Plan(100, seconds=10), n_passes=1)
    for seconds in (1.0, 4.0, 7.0):
        pace.record(1.0, 1.0)
        pace.history[-1]["seconds"] = seconds
    assert not pace.is_over  # by this clock hardly any time has passed
    assert Pace(Plan(100, seconds=0), n_passes=1).is_over
