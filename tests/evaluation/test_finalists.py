"""The final training: its folds, the race before it, and the linear model among its finalists."""

from __future__ import annotations

import time

import numpy as np
import pytest
from samples import prepare_sample

from nas_core.data.folds import make_folds
from nas_core.evaluation.final_plan import FinalPlan
from nas_core.evaluation.finalists import FinalTraining, Racer
from nas_core.inputs.tabular import linear
from nas_core.space.architecture import Architecture, Choice
from nas_core.tasks.registry import load_part
from nas_core.training.pace import Plan


@pytest.mark.parametrize(
    ("task", "fields"),
    [
        ("tabular_classification", {}),
        ("tabular_regression", {"numbers": "both"}),
        ("tabular_regression", {"target_scale": "log"}),
    ],
)
def test_a_network_without_layers_says_what_the_linear_model_says(tmp_path, task, fields):
    data = prepare_sample(tmp_path, task, **fields)
    folds = make_folds(data, 2)
    finalist, again = FinalTraining(data, folds, Plan(1), seed=0).train_linear(2)
    assert not {model.name for model in finalist.models} & {model.name for model in again.models}
    spec, baselines = data.transforms, load_part(task, "target", "baselines")
    for fold, said in zip(folds, finalist.outputs, strict=True):
        learned, asked = (linear.features(spec["input"], rows.inputs) for rows in (fold.train, fold.valid))
        wanted = baselines.linear(spec["target"], learned, fold.train.target, asked)
        assert np.ptp(wanted[:, 0]) > 0
        np.testing.assert_allclose(said, wanted, rtol=1e-4, atol=1e-5)


def test_a_class_without_a_row_is_never_said():
    fit = load_part("tabular_classification", "target", "baselines").linear
    features = np.random.default_rng(0).normal(size=(30, 2))
    for truth in (np.arange(30) % 2, np.zeros(30, int)):
        said = fit({"classes": ["a", "b", "c"]}, features, truth, features)
        assert said[:, 2].max() < 1e-9
        np.testing.assert_allclose(said.sum(axis=1), 1)


def test_where_rows_are_many_there_is_none(tmp_path):
    data = prepare_sample(tmp_path, "tabular_regression")
    folds = make_folds(data, 1)
    data.schema["n_rows"] = {"train": 10_000, "valid": 2_000}
    assert FinalTraining(data, folds, Plan(1), seed=0).train_linear(3) == []


def test_what_has_learned_enough_leaves_time_for_the_next():
    network = Architecture((Choice.of("dense", units=64, activation="relu"),))
    assert Racer(network, 0.0, enough=100).turn(160) == 100
    assert Racer(network, 0.0, enough=100).turn(140) == 140
    assert Racer(network).turn(140) == 140  # nothing is known of it


@pytest.mark.slow
def test_a_race_decides_which_networks_of_several_members_are_trained(tmp_path, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    data, members = prepare_sample(tmp_path, "tabular_regression"), Choice.of("members", count=4)
    dense, dropout = Choice.of("dense", units=64, activation="relu"), Choice.of("dropout", rate=0.5)
    good = Architecture((members, dense))
    blind, *more = (Architecture((members, dense, *[dropout, dense] * n, dropout)) for n in (1, 2, 3))
    training = FinalTraining(data, make_folds(data, 3), Plan(30), seed=0)
    finalists = training.train_best(FinalPlan(3, (), (blind, *more, good)), time.monotonic() + 200)
    assert [each.architecture for each in finalists] == [good]
    assert len(finalists[0].models) == 3
    finalists = training.train_best(FinalPlan(3, (), (blind, good), share=1.0), time.monotonic() + 200)
    assert [each.architecture for each in finalists] == [good, blind]
