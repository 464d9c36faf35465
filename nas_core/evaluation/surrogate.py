"""A Gaussian process that predicts the value of a network from the ledger.

The kernel is a sum of four: exponential in the distance of two networks slot by slot, linear in their slots, linear in
how often each choice occurs, and squared-exponential in cheap features (depth, parameters, operations). Two choices of
one kind are the more alike the closer their parameters are. Values are warped to normal scores by their rank, so that
one very bad network does not flatten all others. Shares, length scales and noise are those of a small grid with the
highest marginal likelihood, the overall variance is the best in closed form. Rasmussen & Williams, "Gaussian processes
for machine learning", 2006, chapters 2, 4 and 5.

Networks of earlier searches are further tasks of the same process: the covariance of two networks of different searches
is multiplied by a kinship between 0 (strangers) and 1 that is found like the rest (Bonilla, Chai & Williams,
"Multi-task Gaussian process prediction", NIPS 2007). Each search is warped by itself, so that only the order counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from nas_core.space.architecture import Choice, Value
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import Vocabulary

MAX_POINTS = 400  # of a search; a fit is cubic in them: the best half and the latest half are kept
MAX_GRID_POINTS = 200  # of a search, on which the hyper-parameters are chosen
SAME_KIND = 0.4  # likeness of two choices of one kind that share no parameter
OWN = 0  # the task of the networks of this search; earlier ones count from 1


class Parameters(NamedTuple):
    """Shares of the four kernels, their length scales, the noise in shares of the signal, the kinship of searches."""

    shares: tuple[float, float, float, float]
    slot_scale: float
    feature_scale: float
    noise: float
    kinship: float


SHARES = ((0.3, 0.5, 0.1, 0.1), (0.5, 0.2, 0.2, 0.1), (0.2, 0.1, 0.4, 0.3))
SLOT_SCALES = (1.0, 3.0)
FEATURE_SCALES = (0.5, 1.5)
NOISES = (0.02, 0.1, 0.4)
KINSHIPS = (0.9, 0.6, 0.0)


@dataclass(frozen=True)
class Points:
    """Encoded networks: `slots` (n, slots · choices), whose products are sums of likenesses; `counts` (n, choices) in
    shares of the slots; `features` (n, 3); `task` (n,).
    """

    slots: np.ndarray
    counts: np.ndarray
    features: np.ndarray
    task: np.ndarray

    def __add__(self, other: Points) -> Points:
        return Points(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

    def __getitem__(self, rows: np.ndarray) -> Points:
        return Points(*(getattr(self, f.name)[rows] for f in fields(self)))

    def __len__(self) -> int:
        return len(self.task)

    def as_own(self) -> Points:
        """The same networks in the task of this search."""
        return replace(self, task=np.full(len(self), OWN))


class Parts(NamedTuple):
    """What the covariances of two sets of points are made of: each (n, m)."""

    slots: np.ndarray  # mean likeness over the slots, 0 to 1
    counts: np.ndarray  # common counts
    apart: np.ndarray  # mean squared distance of the features, in their standard deviations
    same: np.ndarray  # whether both are of one search


class Encoder:
    """Makes points of networks; what it needs of the space is worked out once."""

    def __init__(self, space: Space) -> None:
        self.space = space
        # A square root of the likeness, so that a product of two encoded networks sums up the likeness of their slots.
        values, vectors = np.linalg.eigh(likeness(space.vocabulary))
        self._root = vectors * np.sqrt(np.maximum(values, 0))
        self._features: dict[Codes, tuple[float, float, float]] = {}

    def encode(self, networks: Sequence[Codes], task: int = OWN) -> Points:
        """The points of `networks` (codes without "stop")."""
        slots, n = self.space.max_layers, len(networks)
        codes = np.zeros((n, slots), np.intp)
        for i, network in enumerate(networks):
            codes[i, : len(network)] = network
        counts = np.zeros((n, len(self.space.vocabulary)))
        np.add.at(counts, (np.arange(n)[:, None], codes), 1 / slots)
        features = np.array([self._measure(network) for network in networks]).reshape(n, 3)
        return Points(self._root[codes].reshape(n, counts.shape[1] * slots), counts, features, np.full(n, task))

    def _measure(self, network: Codes) -> tuple[float, float, float]:
        """Depth in shares of the deepest, decimal digits of parameters and operations."""
        if network not in self._features:
            cost, depth = self.space.cost(network), len(network) / self.space.max_layers
            self._features[network] = depth, math.log10(1 + cost.parameters), math.log10(1 + cost.flops)
        return self._features[network]


class Kernel:
    """The covariance of networks: what it is made of (parts), and how (parameters)."""

    def __init__(self, n_slots: int, features: np.ndarray) -> None:
        """`features` are those of the results (n, 3): differences are counted in their standard deviations."""
        deviations = features.std(0) if len(features) else np.zeros(features.shape[1])
        varied = deviations > 1e-6
        self.n_slots = n_slots
        self.widths = np.where(varied, deviations, np.inf) * math.sqrt(max(1, varied.sum()))

    def parts(self, a: Points, b: Points) -> Parts:
        """What the covariances of `a` with `b` are made of: (n, m)."""
        x, y = a.features / self.widths, b.features / self.widths
        apart = np.maximum((x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * x @ y.T, 0)
        return Parts(a.slots @ b.slots.T / self.n_slots, a.counts @ b.counts.T, apart, a.task[:, None] == b.task)

    def own_parts(self, a: Points) -> Parts:
        """The same of each point with itself: (n,)."""
        n = len(a)
        return Parts(np.ones(n), (a.counts**2).sum(1), np.zeros(n), np.ones(n, bool))

    def covariance(self, parts: Parts, parameters: Parameters) -> np.ndarray:
        """The four kernels by their shares, times the kinship where the searches differ."""
        near, linear, counts, similar = parameters.shares
        total: np.ndarray = (
            near * np.exp((parts.slots - 1) * (self.n_slots / parameters.slot_scale))
            + linear * parts.slots
            + 2 * counts * parts.counts
            + similar * np.exp(parts.apart * (-0.5 / parameters.feature_scale**2))
        )
        return total * np.where(parts.same, 1.0, parameters.kinship)


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
    distinct, inverse, repeats = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(repeats) - (repeats + 1) / 2
    scores = [NormalDist().inv_cdf((rank + 0.5) / len(values)) for rank in ranks]
    return np.array(scores)[inverse] if len(distinct) else np.zeros(0)


@dataclass(frozen=True)
class Results:
    """What a search has measured: `networks` and their `values`, higher being better."""

    networks: Sequence[Codes]
    values: Sequence[float]

    def kept(self) -> Results:
        """All, or the best half and the latest half of `MAX_POINTS`."""
        rows = kept(np.asarray(self.values))
        return Results([self.networks[i] for i in rows], [self.values[i] for i in rows])


class Surrogate:
    """The process fitted to the `own` results of a search, and to those of `earlier` ones over the same vocabulary."""

    def __init__(self, encoder: Encoder, own: Results, earlier: Sequence[Results] = ()) -> None:
        tasks = [results.kept() for results in (own, *earlier)]
        encoded = [encoder.encode(results.networks, task) for task, results in enumerate(tasks)]
        self.encoder, self.points = encoder, sum(encoded[1:], start=encoded[0])
        self.targets = np.concatenate([normal_scores(np.asarray(results.values)) for results in tasks])
        self.kernel = Kernel(encoder.space.max_layers, self.points.features)
        rows = _sample(self.points.task)
        self.parameters, self.variance = self._best_parameters(self.points[rows], self.targets[rows])
        self.inverse_factor = np.linalg.inv(self._factor(self.kernel.parts(self.points, self.points), self.parameters))
        known = self.points[self.points.task == OWN] if len(own.networks) else self.points.as_own()
        self.highest = float(self.predict_points(known)[0].max())

    def predict(self, networks: Sequence[Codes]) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation (n,), (n,) of the normal scores of `networks`."""
        return self.predict_points(self.encoder.encode(networks))

    def predict_points(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        """The same for encoded networks."""
        solved = self.solve(points)
        own = self.kernel.covariance(self.kernel.own_parts(points), self.parameters)
        rest = np.maximum(own - (solved**2).sum(1), 1e-9)
        return solved @ (self.inverse_factor @ self.targets), np.sqrt(self.variance * rest)

    def joint(self, networks: Sequence[Codes]) -> tuple[np.ndarray, np.ndarray]:
        """Mean (n,) and covariance (n, n) of the normal scores of `networks`."""
        points = self.encoder.encode(networks)
        solved = self.solve(points)
        before = self.kernel.covariance(self.kernel.parts(points, points), self.parameters)
        return solved @ (self.inverse_factor @ self.targets), self.variance * (before - solved @ solved.T)

    def solve(self, points: Points) -> np.ndarray:
        """The inverse factor times the covariance with what was measured: (len(points), measured)."""
        across = self.kernel.covariance(self.kernel.parts(points, self.points), self.parameters)
        solved: np.ndarray = across @ self.inverse_factor.T
        return solved

    def assume(self, networks: Sequence[Codes]) -> None:
        """Count `networks` as measured with their predicted values, so that the next proposal looks elsewhere."""
        points = self.encoder.encode(networks)
        mean, _ = self.predict_points(points)
        self.points, self.targets = self.points + points, np.append(self.targets, mean)
        self.inverse_factor = np.linalg.inv(self._factor(self.kernel.parts(self.points, self.points), self.parameters))

    @property
    def noise(self) -> float:
        """Variance of the noise of a measurement, in normal scores."""
        return self.variance * self.parameters.noise

    def _factor(self, parts: Parts, parameters: Parameters) -> np.ndarray:
        covariance = self.kernel.covariance(parts, parameters)
        factor: np.ndarray = np.linalg.cholesky(covariance + parameters.noise * np.eye(len(covariance)))
        return factor

    def _best_parameters(self, points: Points, targets: np.ndarray) -> tuple[Parameters, float]:
        """The grid's best by marginal likelihood, the variance of the signal being the best for each."""
        parts = self.kernel.parts(points, points)
        tried = []
        for parameters in grid(has_earlier=bool((points.task != OWN).any())):
            factor = self._factor(parts, parameters)
            solved = np.linalg.solve(factor, targets)
            variance = max(float(solved @ solved) / len(targets), 1e-6)
            likelihood = -0.5 * len(targets) * math.log(variance) - np.log(np.diag(factor)).sum()
            tried.append((likelihood, parameters, variance))
        _, parameters, variance = max(tried, key=lambda t: t[0])
        return parameters, variance


def grid(has_earlier: bool) -> Iterator[Parameters]:
    """The hyper-parameters to choose from."""
    kinships = KINSHIPS if has_earlier else (0.0,)
    return (Parameters(*p) for p in product(SHARES, SLOT_SCALES, FEATURE_SCALES, NOISES, kinships))


def _sample(task: np.ndarray) -> np.ndarray:
    """Rows enough to tell one set of hyper-parameters from another: `MAX_GRID_POINTS` at most, each task's share."""
    tasks = np.unique(task)
    shares = [np.flatnonzero(task == t) for t in tasks]
    n = MAX_GRID_POINTS // len(tasks)
    return np.concatenate([s if len(s) <= n else s[np.linspace(0, len(s) - 1, n).astype(int)] for s in shares])


def kept(values: np.ndarray) -> np.ndarray:
    """Indices of the points that a fit uses: all, or the best half and the latest half of `MAX_POINTS`."""
    if len(values) <= MAX_POINTS:
        return np.arange(len(values))
    best = np.argsort(-values, kind="stable")[: MAX_POINTS // 2]
    latest = np.arange(len(values))[::-1]
    return np.sort(list(dict.fromkeys([*best, *latest]))[:MAX_POINTS])
