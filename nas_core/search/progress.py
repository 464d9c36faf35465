"""What a running search tells: a line of log a candidate, the best so far, and the folder sent to the store."""

from __future__ import annotations

import logging
import time

from nas_core.evaluation.ledger import Entry, Ledger
from nas_core.runs import layout
from nas_core.runs.records import write_json
from nas_core.runs.run import Run
from nas_core.runs.store import StoreAwayError
from nas_core.search.clock import Clock
from nas_core.search.loop import Limits

log = logging.getLogger("nas")

GRACE = 3  # times the budget, at most, until the first network is there
EVERY = 10.0  # seconds between two looks at, or pushes to, the store


class Progress:
    """The watch of a real search (see :class:`nas_core.search.loop.Watch`)."""

    def __init__(self, run: Run, ledger: Ledger, clock: Clock, limits: Limits, best: str = layout.BEST) -> None:
        self.run, self.ledger, self.clock, self.limits = run, ledger, clock, limits
        self._best_file = best
        self._synced = time.monotonic()
        self._is_stopped = False
        self._best = max((entry.reward for entry in ledger if entry.reward is not None), default=None)

    def used(self) -> float:
        """Seconds of search so far."""
        return self.clock.used

    def reason_to_stop(self) -> str | None:
        """The time is up, or a person asked to stop."""
        self._sync()
        if self._is_stopped:
            return "a person asked to stop and keep the best"
        if self.clock.left > 0 or not self._may_end():
            return None
        return f"its time ({self.clock.used:.0f} s) is used"

    def _may_end(self) -> bool:
        """A search that has found nothing yet goes on for a while, since without a network all was in vain."""
        return self._best is not None or self.clock.used > GRACE * self.clock.budget

    def recorded(self, entry: Entry, number: int) -> None:
        """Say in one line what came of candidate `number`."""
        best = self._best
        if entry.reward is not None and (best is None or entry.reward > best):
            self._best = entry.reward
            write_json(self.run.path(self._best_file), entry.to_json(number))
        log.info("%s", self._line(entry, number))

    def _line(self, entry: Entry, number: int) -> str:
        evaluation = entry.evaluation
        if entry.reward is None:
            outcome = f"failed: {evaluation.error}"
        else:
            record = " ★" if entry.reward == self._best else f" (best {self._best:.4f})"
            outcome = f"{entry.reward:.4f}{record}, {evaluation.parameters:,} parameters"
        seconds = sum(evaluation.seconds.values())
        return f"{number + 1}: {outcome}, {seconds:.1f} s · {evaluation.architecture} · {self._left(number + 1)}"

    def _left(self, n: int) -> str:
        """An estimate of what is still to come: candidates by the pace so far, time by the clock or the count."""
        per_candidate = self.clock.used / n
        by_count = (self.limits.max_candidates - n) * per_candidate
        seconds = max(0.0, min(self.clock.left, by_count))
        return f"about {seconds / per_candidate:.0f} more in {seconds // 60:.0f}:{seconds % 60:02.0f}"

    def _sync(self) -> None:
        """Every few seconds: save the clock, push the ledger, look for a request to stop."""
        if time.monotonic() - self._synced < EVERY:
            self._is_stopped |= self.run.path(layout.STOP).exists()
            return
        self._synced = time.monotonic()
        self.clock.save()
        try:
            self.run.store.push("search", wait=False)
            self._is_stopped |= self.run.is_stopped()
        except StoreAwayError as error:
            log.warning("%s The search goes on; its results are sent later.", error)
