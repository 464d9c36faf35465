"""Intervals by bootstrap."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from nas_core.report.bootstrap import resample
from nas_core.targets.labels import figures as labels
from nas_core.targets.values import figures as values

SPECS: dict[str, dict[str, Any]] = {"labels": {"classes": ["a", "b"], "positive": 1}, "values": {"std": 2.0}}


def made(kind: str, n: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    if kind == "values":
        truth = rng.normal(size=n)
        return truth, (truth + noise * np.random.default_rng(seed + 1).normal(size=n))[:, None]
    truth = rng.integers(2, size=n)
    share = 1 / (1 + np.exp(-(2 * truth - 1) - noise * np.random.default_rng(seed + 1).normal(size=n)))
    return truth, np.round(np.column_stack([1 - share, share]), 2)  # equal scores too


@pytest.mark.parametrize(
    ("kind", "module", "metric"),
    [("labels", labels, m) for m in labels.METRICS] + [("values", values, m) for m in values.METRICS],
)
def test_a_resample_has_the_figure_of_its_rows(kind: str, module: ModuleType, metric: str) -> None:
    truth, output = made(kind, 60, 0.8)
    drawn = np.random.default_rng(3).integers(60, size=(5, 60))
    counts = np.array([np.bincount(rows, minlength=60) for rows in drawn], np.float64)
    found = module.resampled(SPECS[kind], metric, truth, output, counts)
    expected = [module.figures(SPECS[kind], truth[rows], output[rows])[metric] for rows in drawn]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_interval_holds_the_true_figure_about_as_often_as_it_says() -> None:
    inside = 0
    for seed in range(60):
        truth, output = made("values", 100, 0.5, seed=10 * seed)
        own = resample(values, SPECS["values"], "rmse", truth, {"network": output}).own()
        assert own is not None
        inside += own.low <= 0.5 <= own.high
    assert 50 <= inside <= 60


def test_a_lead_is_told_from_chance() -> None:
    truth, good = made("values", 400, 0.5)
    bad = (truth + 1.2 * (good[:, 0] - truth))[:, None]
    same = made("values", 400, 0.5, seed=0)[0] + 0.5 * np.random.default_rng(9).normal(size=400)
    outputs = {"network": good, "linear": bad, "random": same[:, None]}
    resamples = resample(values, SPECS["values"], "rmse", truth, outputs)
    ahead, even = resamples.gain("linear", -1), resamples.gain("random", -1)
    assert ahead is not None and even is not None
    assert 0 < ahead.low < ahead.high < 0.2
    assert even.low < 0 < even.high
    assert resamples.gain("mean", -1) is None


def test_few_rows_have_no_interval() -> None:
    truth, output = made("values", 5, 0.5)
    assert resample(values, SPECS["values"], "rmse", truth, {"network": output}).own() is None
