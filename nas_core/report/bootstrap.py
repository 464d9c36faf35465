"""How far chance may have moved a figure: the percentile bootstrap over the test rows (Efron, 1979).

The rows of a resample are the same for the network and its rivals, so that what is hard for all of them cancels out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

N_RESAMPLES = 1_000
CHUNK = 2_000_000  # cells of a table of counts
LEVEL = 0.95
LEAST_ROWS = 10


@dataclass(frozen=True)
class Interval:
    """95 % of the resamples lie from `low` to `high`."""

    low: float
    high: float


@dataclass(frozen=True)
class Resamples:
    """A figure of many resamples, by who gave the predictions (``network`` and its rivals)."""

    figures: Mapping[str, np.ndarray]

    def own(self) -> Interval | None:
        """That of the network's figure."""
        return _interval(self.figures.get("network"))

    def gain(self, rival: str, sign: int) -> Interval | None:
        """That of the network's lead over `rival`; `sign` is −1 where less is better."""
        ours, theirs = self.figures.get("network"), self.figures.get(rival)
        return None if ours is None or theirs is None else _interval(sign * (ours - theirs))


def _interval(figures: np.ndarray | None) -> Interval | None:
    known = np.array([]) if figures is None else figures[np.isfinite(figures)]
    if len(known) < N_RESAMPLES / 2:
        return None
    low, high = np.quantile(known, ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(float(low), float(high))


def resample(
    module: ModuleType, spec: dict[str, Any], metric: str, truth: np.ndarray, outputs: Mapping[str, np.ndarray]
) -> Resamples:
    """Draw the resamples. `module` is the target's ``figures``; `outputs` are by name, each a row a test row."""
    n = len(truth)
    if n < LEAST_ROWS:
        return Resamples({})
    rng, size = np.random.default_rng(0), max(1, CHUNK // n)
    found: dict[str, list[np.ndarray]] = {name: [] for name in outputs}
    for start in range(0, N_RESAMPLES, size):
        rows = [rng.integers(n, size=n) for _ in range(min(size, N_RESAMPLES - start))]
        counts = np.array([np.bincount(drawn, minlength=n) for drawn in rows], np.float64)
        for name, output in outputs.items():
            found[name].append(module.resampled(spec, metric, truth, output, counts))
    return Resamples({name: np.concatenate(parts) for name, parts in found.items()})
