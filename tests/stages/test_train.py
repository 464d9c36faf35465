"""Which finalists become the model."""

from __future__ import annotations

import numpy as np
import pytest
from samples import prepare_sample

from nas_core.data.folds import make_folds
from nas_core.data.prepared import Prepared
from nas_core.evaluation.finalists import Finalist
from nas_core.space.architecture import Architecture, Choice
from nas_core.stages.train import _ensemble, _with_linear
from nas_core.training.judge import judge_folds


@pytest.fixture
def data(tmp_path) -> Prepared:
    return prepare_sample(tmp_path, "tabular_regression")


def test_the_mean_has_those_that_improve_it_by_more_than_the_price_of_their_size(data):
    (fold,) = folds = make_folds(data, 1)
    truth = np.asarray(fold.valid.target, float).reshape(-1, 1)
    error = np.random.default_rng(0).normal(size=truth.shape) * truth.std() / 2

    def finalist(units, output, parameters=100):
        network = Architecture((Choice.of("dense", units=units, activation="relu"),))
        return Finalist(network, [], [], [output], judge_folds(data, folds, [output]), parameters)

    winner = finalist(1, truth + error)
    twin = finalist(2, truth + 1.01 * error)  # wrong where the winner is
    opposite = finalist(3, truth - 1.2 * error)  # wrong where the winner is right
    worse = finalist(4, truth + 5 * error)
    finalists = [winner, twin, opposite, worse]
    assert _ensemble([winner], finalists, data, folds, 0.001, 1_000)[:2] == [winner, opposite]
    assert worse not in _ensemble([winner], finalists, data, folds, 0.001, 1_000)
    assert _ensemble([winner], [winner, twin, worse], data, folds, 0.001, 1_000) == [winner]
    assert _ensemble([winner], finalists, data, folds, 10.0, 1_000) == [winner]
    assert _ensemble([winner], finalists, data, folds, 0.001, 150) == [winner]


def test_a_linear_model_joins_as_often_as_the_mean_is_not_clearly_worse_with_it(data):
    folds = make_folds(data, 3)
    rng = np.random.default_rng(0)

    def finalist(choices, error):
        outputs = []
        for fold in folds:
            truth = np.asarray(fold.valid.target, float).reshape(-1, 1)
            outputs.append(truth + error * truth.std() * rng.normal(size=truth.shape))
        return Finalist(Architecture(choices), [], [], outputs, judge_folds(data, folds, outputs), 10)

    winner = finalist((Choice.of("dense", units=32, activation="relu"),), 0.3)
    better, like, bad = finalist((), 0.1), finalist((), 0.35), finalist((), 3.0)
    assert _with_linear([winner], [better, better], data, folds) == [winner, better, better]
    assert _with_linear([winner], [like, bad], data, folds) == [winner, like]
    assert _with_linear([winner], [bad], data, folds) == [winner]
    assert _with_linear([winner], [], data, folds) == [winner]
