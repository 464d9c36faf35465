"""What a running search tells: a line of log a candidate, the best so far, and the folder sent to the store."""

from __future__ import annotations

import logging
import time
from bisect import bisect_left, insort

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

    def __init__(
        self, run: Run, ledger: Ledger, clock: Clock, limits: Limits, best: str = layout.BEST, kept: float = 0.0
    ) -> None:
        """`kept` seconds of the search are for what comes after the loop."""
        self.run, self.ledger, self.clock, self.limits = run, ledger, clock, limits
        self._best_file, self._kept = best, kept
        self._synced = time.monotonic()
        self._is_stopped = False
        self._rewards = sorted(-entry.reward for entry in ledger if entry.reward is not None)  # the best first
        self._best = -self._rewards[0] if self._rewards else None

    def used(self) -> float:
        """Seconds of search so far."""
        return self.clock.used

    def reason_to_stop(self) -> str | None:
        """The time is up, or a person asked to stop."""
        self._sync()
        if self._is_stopped:
            return "a person asked to stop and keep the best"
        if self.clock.left > self._kept or not self._may_end():
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
        log.info("%s", self._line(entry, number + 1), extra={"gauges": self._gauges(entry, number + 1)})

    def _line(self, entry: Entry, n: int) -> str:
        evaluation, seconds = entry.evaluation, self._left(n)
        if entry.reward is None:
            outcome = f"failed: {evaluation.error}"
        else:
            record = "★" if entry.reward == self._best else f"(best {self._best:.4f})"
            place = f"place {self._place(entry.reward)} of {n}"
            outcome = f"{entry.reward:.4f} {record}, {place}, {evaluation.parameters:,} parameters"
        left = f"about {seconds * n / self.clock.used:.0f} more in {seconds // 60:.0f}:{seconds % 60:02.0f}"
        return f"{n}: {outcome}, {sum(evaluation.seconds.values()):.1f} s · {evaluation.architecture} · {left}"

    def _place(self, reward: float) -> int:
        """The rank of `reward` among all so far, 1 for the best."""
        insort(self._rewards, -reward)
        return bisect_left(self._rewards, -reward) + 1

    def _gauges(self, entry: Entry, n: int) -> dict[str, float]:
        """The same facts for those who watch many searches."""
        gauges = {"candidates": n, "seconds_left": self._left(n), "seconds": sum(entry.evaluation.seconds.values())}
        if entry.reward is not None and self._best is not None:
            gauges |= {"value": entry.reward, "best": self._best, "parameters": entry.evaluation.parameters}
        return {f"search.{name}": round(value, 4) for name, value in gauges.items()}

    def _left(self, n: int) -> float:
        """Seconds still to come, by the clock or, at the pace so far, by the count."""
        return max(0.0, min(self.clock.left - self._kept, (self.limits.max_candidates - n) * self.clock.used / n))

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
