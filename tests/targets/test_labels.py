from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nas_core.errors import CandidateError, JobError
from nas_core.targets.labels import encode, figures, head
from nas_core.targets.settings import TargetSettings
from nas_core.training.quiet import quiet_tensorflow


@pytest.mark.parametrize(
    ("column", "classes"),
    [
        (["b", "a", "a", ""], ["a", "b"]),
        (["10", "9", "1"], ["1", "9", "10"]),
        (["1", "0", "1.0"], ["0", "1"]),
        (["1.0", "0.0", ""], ["0.0", "1.0"]),
        ([1, 0, None], ["0", "1"]),
        ([1.0, 0.0, None], ["0", "1"]),
        ([True, False], ["false", "true"]),
        (["True", "False"], ["False", "True"]),
        ([" x", "y ", "?"], ["x", "y"]),
    ],
)
def test_classes_are_spelled_as_in_the_data_and_sorted(column: list[Any], classes: list[str]) -> None:
    spec = encode.fit("y", pa.array(column))
    assert spec["classes"] == classes
    assert json.loads(json.dumps(spec)) == spec


def test_encode_and_decode_are_inverse() -> None:
    spec = encode.fit("y", pa.array(["no", "yes", "no", "maybe"]))
    codes = encode.encode(spec, pa.array(["yes", "maybe", "", "other", "no"]))
    assert (codes.dtype, codes.tolist()) == (np.int32, [2, 0, -1, -1, 1])
    assert encode.is_known(codes).tolist() == [True, True, False, False, True]
    words = encode.decode(spec, np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]]))
    assert words["prediction"] == ["yes", "maybe"]
    assert list(words) == ["prediction", "p_maybe", "p_no", "p_yes"]
    assert words["p_yes"].tolist() == [0.7, 0.2]


def test_the_positive_class_is_the_one_asked_for_else_the_rarer_one() -> None:
    column = pa.array(["0", "0", "1", "0"])
    assert encode.fit("y", column)["positive"] == 1
    assert encode.fit("y", column, TargetSettings(positive_class="0"))["positive"] == 0
    assert encode.fit("y", column, TargetSettings(positive_class="1.0"))["positive"] == 1
    assert encode.fit("y", pa.array(["a", "b", "c"]))["positive"] is None
    with pytest.raises(JobError, match=r"`positive_class` must be one of the classes \['0', '1'\], but got 'yes'"):
        encode.fit("y", column, TargetSettings(positive_class="yes"))


def spec_of(n: int, positive: int | None = None) -> dict[str, Any]:
    return {"name": "y", "classes": [f"c{i}" for i in range(n)], "positive": positive}


@pytest.mark.parametrize("n", [2, 4])
def test_figures_agree_with_scikit_learn(n: int) -> None:
    from sklearn import metrics

    rng = np.random.default_rng(0)
    truth = rng.integers(0, n, 500)
    output = rng.dirichlet(np.ones(n), 500).round(2) + 1e-3  # with ties
    exact = output / output.sum(axis=1, keepdims=True)
    found = figures.figures(spec_of(n, 1 if n == 2 else None), truth, exact)
    auc = (
        metrics.roc_auc_score(truth, exact[:, 1]) if n == 2 else metrics.roc_auc_score(truth, exact, multi_class="ovr")
    )
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, exact), abs=1e-6)
    assert found["accuracy"] == pytest.approx((truth == exact.argmax(1)).mean())
    assert found["roc_auc"] == pytest.approx(auc, abs=1e-6)
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, exact.argmax(1)))


def test_figures_when_a_class_is_absent() -> None:
    output = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1]])
    found = figures.figures(spec_of(3), np.array([0, 1]), output)
    assert found["roc_auc"] == 1
    assert figures.figures(spec_of(2, 1), np.array([0, 0]), output[:, :2])["roc_auc"] == 0.5


def test_certain_and_wrong_is_bad_but_finite() -> None:
    found = figures.figures(spec_of(2, 1), np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    assert 5 < found["log_loss"] < 20


def test_an_output_that_is_not_finite_is_the_candidates_failure() -> None:
    with pytest.raises(CandidateError, match="not finite"):
        figures.figures(spec_of(2), np.array([0]), np.array([[np.nan, 1.0]]))


def test_scores_are_higher_when_better() -> None:
    good = {"log_loss": 0.2, "accuracy": 0.9, "roc_auc": 0.95, "balanced_accuracy": 0.9}
    bad = {"log_loss": 0.4, "accuracy": 0.8, "roc_auc": 0.9, "balanced_accuracy": 0.8}
    for metric in figures.METRICS:
        assert figures.score(spec_of(2), metric, good) > figures.score(spec_of(2), metric, bad)


def test_details() -> None:
    truth = np.array([0, 0, 1, 1, 1])
    output = np.array([[0.9, 0.1, 0], [0.35, 0.65, 0], [0.2, 0.8, 0], [0.3, 0.7, 0], [0.45, 0.55, 0]])
    found = json.loads(json.dumps(figures.details(spec_of(3), truth, output)))
    assert found["confusion"] == [[1, 1, 0], [0, 3, 0], [0, 0, 0]]
    assert found["classes"][1] == {
        "class": "c1",
        "precision": 0.75,
        "recall": 1.0,
        "f1": pytest.approx(6 / 7),
        "support": 3,
    }
    assert found["classes"][2]["precision"] is None
    assert sum(b["count"] for b in found["calibration"]) == 5
    assert found["calibration"][0]["accuracy"] == 1


@pytest.mark.parametrize("metric", figures.METRICS)
def test_a_resample_has_the_figure_of_the_rows_that_it_holds(metric: str) -> None:
    rng = np.random.default_rng(0)
    truth, output, rows = rng.integers(0, 3, 60), rng.dirichlet(np.ones(3), 60), rng.integers(0, 60, 60)
    found = figures.resampled(spec_of(3), metric, truth, output, np.bincount(rows, minlength=60)[None].astype(float))
    assert found == pytest.approx([figures.figures(spec_of(3), truth[rows], output[rows])[metric]])


def test_balanced_classes_count_alike() -> None:
    column = pa.array(["no"] * 90 + ["yes"] * 10)
    assert "weights" not in encode.fit("y", column)
    spec = encode.fit("y", column, TargetSettings(class_weights="balanced"))
    codes = encode.encode(spec, column)
    weights = np.take(spec["weights"], codes)
    assert weights.mean() == pytest.approx(1)
    assert weights[codes == 0].sum() == pytest.approx(weights[codes == 1].sum())
    quiet_tensorflow()
    output = np.tile(np.array([[0.9, 0.1]], np.float32), (100, 1))
    plain, weighted = (np.asarray(head.loss(s, 10_000)(codes, output)) for s in (encode.fit("y", column), spec))
    np.testing.assert_allclose(weighted, plain * weights, rtol=1e-5)


def test_a_row_that_is_right_is_not_wrong_at_all():
    output = np.array([[0.6, 0.4], [0.6, 0.4], [0.1, 0.9]])
    np.testing.assert_allclose(figures.wrongness(np.array([0, 1, 0]), output), [0, 0.6, 0.9])
