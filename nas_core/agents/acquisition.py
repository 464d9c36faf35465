"""Which of many networks to measure next: each choice weighs what is promising against what is unknown in its own way.

Upper confidence bounds with a boldness drawn at random (De Ath et al., GECCO 2021, call for such randomness), Thompson
sampling (Thompson 1933) and expected improvement (Mockus 1975) take turns by chance. No one of them is best
everywhere, and their variety frees a search that is stuck.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from nas_core.evaluation.surrogate import Surrogate
from nas_core.space.rules import Codes

MAX_SHORTLIST = 800  # networks whose covariances are worked out
JITTER = 1e-6  # variance added so that a covariance can be factorised


def choose(surrogate: Surrogate, networks: Sequence[Codes], n: int, rng: np.random.Generator) -> list[Codes]:
    """Up to `n` of `networks` to measure, each counted as measured with its predicted value for the next."""
    mean, covariance, shortlist = _shortlist(surrogate, networks)
    chosen: list[int] = []
    while len(chosen) < min(n, len(shortlist)):
        worth = ACQUISITIONS[rng.integers(len(ACQUISITIONS))](mean, covariance, surrogate.highest, rng)
        worth[chosen] = -np.inf
        best = int(np.argmax(worth))
        chosen.append(best)
        column = covariance[:, best]
        covariance = covariance - np.outer(column, column) / (column[best] + surrogate.noise)
    return [shortlist[i] for i in chosen]


def _shortlist(surrogate: Surrogate, networks: Sequence[Codes]) -> tuple[np.ndarray, np.ndarray, list[Codes]]:
    """The most promising of `networks`, their means and their covariance."""
    if len(networks) > MAX_SHORTLIST:
        mean, deviation = surrogate.predict(networks)
        rows = np.sort(np.argsort(-(mean + 2 * deviation), kind="stable")[:MAX_SHORTLIST])
        networks = [networks[i] for i in rows]
    return *surrogate.joint(networks), list(networks)


def deviations(covariance: np.ndarray) -> np.ndarray:
    """The standard deviations (n,) of a covariance (n, n)."""
    return np.sqrt(np.maximum(np.diag(covariance), JITTER))


def bound(mean: np.ndarray, covariance: np.ndarray, _: float, rng: np.random.Generator) -> np.ndarray:
    """Upper confidence bound with a random boldness."""
    return mean + rng.exponential(1.0) * deviations(covariance)


def sample(mean: np.ndarray, covariance: np.ndarray, _: float, rng: np.random.Generator) -> np.ndarray:
    """Thompson sampling: one of the landscapes that the process holds possible."""
    factor = np.linalg.cholesky(covariance + JITTER * np.eye(len(mean)))
    drawn: np.ndarray = mean + factor @ rng.standard_normal(len(mean))
    return drawn


def improvement(mean: np.ndarray, covariance: np.ndarray, highest: float, _: np.random.Generator) -> np.ndarray:
    """Expected improvement over the `highest` mean of what has been measured."""
    deviation = deviations(covariance)
    z = (mean - highest) / deviation
    above = np.array([math.erfc(-value / math.sqrt(2)) / 2 for value in z])
    expected: np.ndarray = deviation * (z * above + np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi))
    return expected


Acquisition = Callable[[np.ndarray, np.ndarray, float, np.random.Generator], np.ndarray]
ACQUISITIONS: tuple[Acquisition, ...] = (bound, sample, improvement)
