"""A Gaussian process that predicts the value of a network from the ledger.

The kernel is a sum of four: exponential in the distance of two networks slot by slot, linear in their slots, linear in
how often each choice occurs, and squared-exponential in cheap features (depth, parameters, operations). Two choices of
one kind are the more alike the closer their parameters are. Values are warped to normal scores by their rank, so that
one very bad network does not flatten all others. Rasmussen & Williams, "Gaussian processes for machine learning", 2006,
chapters 2, 4 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist
from typing import Any

import numpy as np

from nas_core.space.architecture import Choice, Value
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import Vocabulary

MAX_POINTS = 400  # the fit is cubic in the number of points: the best half and the latest half are kept
SAME_KIND = 0.4  # likeness of two choices of one kind that share no parameter
# Shares of the four kernels, their two length scales, and the variance of the noise: the grid of hyper-parameters.
WEIGHTS = ((0.3, 0.5, 0.1, 0.1), (0.5, 0.2, 0.2, 0.1), (0.2, 0.1, 0.4, 0.3))
SLOT_SCALES = (1.0, 3.0)
FEATURE_SCALES = (0.5, 1.5)
NOISES = (0.02, 0.1, 0.4)


@dataclass(frozen=True)
class Points:
    """Encoded networks: `codes` (n, slots), `counts` (n, choices) in shares of the slots, `features` (n, 3)."""

    codes: np.ndarray
    counts: np.ndarray
    features: np.ndarray

    def __add__(self, other: Points) -> Points:
        both = ((getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__)
        return Points(*map(np.concatenate, both))


def encode(space: Space, networks: Sequence[Codes]) -> Points:
    """The points of `networks` (codes without "stop")."""
    codes = np.zeros((len(networks), space.max_layers), np.int16)
    features = np.empty((len(networks), 3))
    for i, network in enumerate(networks):
        codes[i, : len(network)] = network
        cost = space.cost(network)
        features[i] = len(network) / space.max_layers, math.log10(1 + cost.parameters), math.log10(1 + cost.flops)
    counts = (codes[:, :, None] == np.arange(len(space.vocabulary))).sum(1) / space.max_layers
    return Points(codes, counts, features)


def likeness(vocabulary: Vocabulary) -> np.ndarray:
    """How alike two choices are, 0 to 1: (len(vocabulary), len(vocabulary)); a covariance, as sums and products are."""
    stop = np.ones((1, 1))
    choices = np.array([[alike(a, b) for b in vocabulary.choices] for a in vocabulary.choices])
    return np.block([[stop, np.zeros((1, len(choices)))], [np.zeros((len(choices), 1)), choices]])


def alike(a: Choice, b: Choice) -> float:
    """1 for equal choices, 0 for different kinds; between them by the closeness of their parameters."""
    if a.kind != b.kind:
        return 0.0
    close = [_close(x, y) for (_, x), (_, y) in zip(a.params, b.params, strict=True)]
    return SAME_KIND + (1 - SAME_KIND) * sum(close) / len(close) if close else 1.0


def _close(x: Value, y: Value) -> float:
    if x == y:
        return 1.0
    if isinstance(x, str) or isinstance(y, str) or x <= 0 or y <= 0:
        return 0.0
    return math.exp(-abs(math.log2(x / y)))


def normal_scores(values: np.ndarray) -> np.ndarray:
    """Values by rank as quantiles of the normal distribution (ties share their mean rank)."""
    ranks = np.array([(values < v).sum() + ((values == v).sum() - 1) / 2 for v in values])
    return np.array([NormalDist().inv_cdf((rank + 0.5) / len(values)) for rank in ranks])


class Surrogate:
    """The process fitted to `networks` with their `values`; hyper-parameters by marginal likelihood on a small grid."""

    def __init__(self, space: Space, networks: Sequence[Codes], values: Sequence[float]) -> None:
        self.space, self.alike = space, likeness(space.vocabulary)
        keep = kept(np.asarray(values))
        points, targets = encode(space, [networks[i] for i in keep]), normal_scores(np.asarray(values)[keep])
        self.weights, self.scales, self.noise = self._best_parameters(points, targets)
        self._solve(points, targets)

    def predict(self, networks: Sequence[Codes]) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (n,), (n,) of the normal scores of `networks`."""
        points = encode(self.space, networks)
        across = self._covariance(self._parts(points, self.points), self.weights, self.scales)
        solved = across @ self.inverse_factor.T
        own = sum(self.weights) - self.weights[2] + 2 * self.weights[2] * (points.counts**2).sum(1)
        return across @ self.alpha, np.sqrt(np.maximum(own - (solved**2).sum(1), 1e-9))

    def assume(self, network: Codes) -> None:
        """Count `network` as measured with its predicted value, so that the next proposal looks elsewhere."""
        mean, _ = self.predict([network])
        self._solve(self.points + encode(self.space, [network]), np.append(self.targets, mean))

    def _solve(self, points: Points, targets: np.ndarray) -> None:
        self.points, self.targets = points, targets
        covariance = self._covariance(self._parts(points, points), self.weights, self.scales)
        self.inverse_factor = np.linalg.inv(np.linalg.cholesky(covariance + self.noise * np.eye(len(targets))))
        self.alpha = self.inverse_factor.T @ (self.inverse_factor @ targets)

    def _parts(self, a: Points, b: Points) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the kernels are made of: likeness over the slots, common counts, squared distance of the features."""
        slots = self.alike[a.codes[:, None, :], b.codes[None, :, :]].mean(-1)
        squared = ((a.features[:, None, :] - b.features[None, :, :]) ** 2).sum(-1)
        return slots, a.counts @ b.counts.T, squared

    def _covariance(self, parts: Any, weights: tuple[float, ...], scales: tuple[float, float]) -> np.ndarray:
        slots, counts, squared = parts
        apart = (1 - slots) * self.space.max_layers
        near, similar = np.exp(-apart / scales[0]), np.exp(-squared / (2 * scales[1] ** 2))
        total: np.ndarray = weights[0] * near + weights[1] * slots + 2 * weights[2] * counts + weights[3] * similar
        return total

    def _best_parameters(self, points: Points, targets: np.ndarray) -> Any:
        parts = self._parts(points, points)
        grid = product(WEIGHTS, product(SLOT_SCALES, FEATURE_SCALES), NOISES)

        def likelihood(parameters: Any) -> float:
            """Log marginal likelihood of the targets, up to a constant."""
            weights, scales, noise = parameters
            covariance = self._covariance(parts, weights, scales) + noise * np.eye(len(targets))
            factor = np.linalg.cholesky(covariance)
            solved = np.linalg.solve(factor, targets)
            return float(-0.5 * solved @ solved - np.log(np.diag(factor)).sum())

        return max(grid, key=likelihood)


def kept(values: np.ndarray) -> np.ndarray:
    """Indices of the points that a fit uses: all, or the best half and the latest half of `MAX_POINTS`."""
    if len(values) <= MAX_POINTS:
        return np.arange(len(values))
    best = np.argsort(-values, kind="stable")[: MAX_POINTS // 2]
    latest = np.arange(len(values))[::-1]
    return np.sort(list(dict.fromkeys([*best, *latest]))[:MAX_POINTS])
