"""Answers that are worked out once for all who ask."""

from __future__ import annotations

import threading
import time

import pytest

from nas_core.web import shared as room
from nas_core.web.shared import forget, shared


def test_of_many_who_ask_at_once_one_works():
    made = []

    def make():
        time.sleep(0.05)
        made.append(len(made))
        return {"n": len(made)}

    threads = [threading.Thread(target=shared, args=(("once", "a"), 10.0, make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [0]
    forget("a")
    assert shared(("once", "a"), 10.0, make).value == {"n": 2}


def test_an_answer_may_be_made_of_shared_parts():
    keys = [("part", str(k)) for k in range(40)]
    whole = shared(("whole",), 10.0, lambda: [shared(key, 10.0, lambda key=key: key[1]).value for key in keys])
    assert whole.value == [key[1] for key in keys]


def test_what_fails_is_tried_again():
    def fail():
        raise ValueError

    with pytest.raises(ValueError):
        shared(("fails",), 10.0, fail)
    assert shared(("fails",), 10.0, lambda: 1).value == 1


def test_large_answers_push_out_old_ones(monkeypatch):
    monkeypatch.setattr(room, "MOST_BYTES", 1_000)
    for k in range(5):
        shared(("large", str(k)), 10.0, lambda: "x" * 400)
    assert [room.kept(("large", str(k)), 10.0) is not None for k in range(5)] == [False, False, False, True, True]


def test_what_is_old_takes_no_memory():
    shared(("brief", "old"), 0.001, lambda: "x")
    time.sleep(0.002)
    shared(("brief", "new"), 10.0, lambda: "x")
    assert ("brief", "old") not in room._kept
    assert room.kept(("brief", "new"), 10.0) is not None
