"""The clock keeps a share for the final training and counts over resumes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nas_core.search.clock import Clock, reserved_seconds, training_seconds
from nas_core.search.settings import SearchSettings


def test_a_share_is_kept_for_the_final_training():
    assert reserved_seconds(120) == 60
    assert Clock(Path("never.json"), SearchSettings(budget_minutes=10)).left == pytest.approx(300, abs=1)


def test_a_resumed_search_has_what_was_left(tmp_path):
    path = tmp_path / "clock.json"
    clock = Clock(path, SearchSettings(budget_minutes=2))
    assert clock.left == pytest.approx(60, abs=1)
    clock._before = 50.0
    clock.save()
    assert Clock(path, SearchSettings(budget_minutes=2)).left == pytest.approx(10, abs=1)


def test_a_deadline_is_a_moment(tmp_path):
    soon = datetime.now(UTC) + timedelta(seconds=100)
    clock = Clock(tmp_path / "clock.json", SearchSettings(deadline=soon))
    assert clock.budget == pytest.approx(100, abs=1)
    assert clock.left == pytest.approx(50, abs=1)


def test_training_has_what_the_search_left_less_the_hand_over(tmp_path):
    path, settings = tmp_path / "clock.json", SearchSettings(budget_minutes=2)
    clock = Clock(path, settings)
    clock._before = 70.0
    clock.save()
    assert training_seconds(settings, path, time.time() - 5) == pytest.approx(45, abs=1)
    assert training_seconds(settings, path, time.time() - 7200) == pytest.approx(50, abs=1)
