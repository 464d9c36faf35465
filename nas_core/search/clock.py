"""The clock of a search: how much of the budget is used, over all its resumes."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from nas_core.runs.records import read_json, write_json
from nas_core.search.settings import SearchSettings

RESERVED_SHARE = 0.5  # of the budget, kept for the final training


class Clock:
    """Counts the seconds that a search has worked; what earlier processes of it used is read from `path`.

    Time in which nobody worked (between a kill and the retry) does not count against a budget in minutes; a deadline is
    a moment, whatever happened before.
    """

    def __init__(self, path: Path, settings: SearchSettings) -> None:
        self.path, self._start = path, time.monotonic()
        self._before = float(read_json(path)["seconds"]) if path.exists() else 0.0
        self.budget = budget_seconds(settings, used=self._before)
        self.reserved = reserved_seconds(self.budget)

    @property
    def used(self) -> float:
        """Seconds of search so far."""
        return self._before + time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds until the search must end, so that the final training has its share."""
        return self.budget - self.reserved - self.used

    def save(self) -> None:
        """Write down what is used, for a successor."""
        known = {"seconds": self.used, "budget": self.budget, "reserved": self.reserved}
        write_json(self.path, {name: round(seconds, 2) for name, seconds in known.items()})


def budget_seconds(settings: SearchSettings, used: float) -> float:
    """The whole budget of search and final training in seconds; `used` have gone by already."""
    if settings.deadline is None:
        return 60 * settings.budget_minutes
    return used + max(0.0, (settings.deadline - datetime.now(UTC)).total_seconds())


def reserved_seconds(budget: float) -> float:
    """What is kept of the budget for the final training."""
    return RESERVED_SHARE * budget


def training_seconds(settings: SearchSettings, clock: Path, finished: float) -> float:
    """What is left for the final training when it starts now.

    Args:
        settings: the job's.
        clock: the search's ``clock.json``.
        finished: when the search ended (seconds since 1970). The hand-over since then counts, unless this is a later
            repetition of the training.
    """
    saved = read_json(clock)
    if settings.deadline is not None:
        left = (settings.deadline - datetime.now(UTC)).total_seconds()
        return max(left, reserved_seconds(saved["budget"]) / 2)
    hand_over = time.time() - finished
    return float(saved["budget"] - saved["seconds"] - (hand_over if hand_over < 60 else 0))
