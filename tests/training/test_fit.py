"""The fit learns, keeps its best epoch, obeys its budget, and says when a training diverged."""

from __future__ import annotations

import numpy as np
import pytest
from samples import prepare_sample

from nas_core.data.folds import Fold, make_folds
from nas_core.data.prepared import Prepared
from nas_core.errors import CandidateError
from nas_core.evaluation.candidate import Recipe, train_candidate, weights_path
from nas_core.export import litert
from nas_core.inputs.tabular import bins
from nas_core.space.architecture import Architecture, Choice
from nas_core.targets.members import each
from nas_core.tasks.registry import load_part
from nas_core.training import feed
from nas_core.training.baselines import measure_baselines
from nas_core.training.fit import default_batch_size, fit, fit_folds, of_mixed, predict
from nas_core.training.importance import measure_importance
from nas_core.training.model import average_models, build_model
from nas_core.training.pace import Plan
from nas_core.training.quiet import quiet_tensorflow

quiet_tensorflow()
pytestmark = pytest.mark.slow

DENSE = Choice.of("dense", units=32, activation="relu")
NETWORK = Architecture((DENSE, Choice.of("dropout", rate=0.1), DENSE))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Prepared:
    """The prepared sample of the first task: two rings, to be told apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bins, "ROWS_A_BIN", 10)  # the sample is too small for bins otherwise
        return prepare_sample(tmp_path_factory.mktemp("data"), "tabular_classification")


def whole(data) -> Fold:
    (fold,) = make_folds(data, 1)
    return fold


def loss_of(data, output) -> float:
    """The loss of the task's head on the rows that judge."""
    fold = whole(data)
    loss = load_part(data.schema["task"], "target", "head").loss(data.transforms["target"], len(fold.train))
    return float(np.mean(loss(np.asarray(fold.valid.target), output)))


def recipe(**changes) -> Recipe:
    fields = {"epochs": 10, "batch_size": 0, "learning_rate": 0.005, "seed": 1, "inherits": True}
    return Recipe(**fields | changes)


def test_two_rows_in_one_count_by_their_shares():
    import keras

    head = load_part("image_classification", "target", "head")
    plain = head.loss({"classes": ["a", "b", "c"]}, 1_000)
    mixed, output = of_mixed(plain), keras.ops.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    truth = keras.ops.array([[0.0, 1.0, 0.8], [2.0, 2.0, 0.5]])
    wanted = 0.8 * plain(np.array([0, 2]), output) + 0.2 * plain(np.array([1, 2]), output)
    np.testing.assert_allclose(mixed(truth, output)[0], wanted[0], rtol=1e-5)
    np.testing.assert_allclose(mixed(np.array([0, 2]), output), plain(np.array([0, 2]), output))
    np.testing.assert_allclose(mixed(truth, output)[1], plain(np.array([2, 2]), output)[1], rtol=1e-5)


def test_a_candidate_learns_what_a_constant_cannot(data):
    evaluation = train_candidate(data, recipe(epochs=30), NETWORK, None)
    assert evaluation.metrics["accuracy"] > 0.85
    assert evaluation.score == -evaluation.metrics["log_loss"]
    assert set(evaluation.seconds) == {"build", "train"}
    assert measure_baselines(data)["majority"]["accuracy"] < 0.7


def test_a_cross_validated_candidate_is_judged_by_every_row(data):
    evaluation = train_candidate(data, recipe(epochs=20, n_folds=3), NETWORK.prefix(1), None)
    heir = train_candidate(data, recipe(epochs=1, n_folds=3), NETWORK.prefix(2), evaluation.architecture.fingerprint)
    again = train_candidate(data, recipe(epochs=20, n_folds=3), NETWORK.prefix(1), None)
    assert again.score == evaluation.score
    assert heir.score > evaluation.score - 0.1
    n = sum(len(data.split(name)) for name in ("train", "valid"))
    assert evaluation.metrics["accuracy"] * n == pytest.approx(round(evaluation.metrics["accuracy"] * n))
    paths = {weights_path(data, evaluation.architecture.fingerprint, fold) for fold in range(3)}
    first, *others = [dict(np.load(path)) for path in sorted(paths)]
    assert all((first["head/0"] != other["head/0"]).any() for other in others)


def test_the_mean_of_models_is_one_model_of_keras(data, tmp_path):
    import keras

    models = [build_model(NETWORK, data.transforms) for _ in range(3)]
    mean = average_models(models)
    mean.save(tmp_path / "mean.keras")
    rows = data.split("test")
    each = [predict(model, rows) for model in models]
    assert predict(keras.models.load_model(tmp_path / "mean.keras"), rows) == pytest.approx(np.mean(each, 0), abs=1e-6)


def test_members_learn_each_by_itself_and_answer_together(data, tmp_path):
    import keras

    network, fold = Architecture((Choice.of("members", count=4), *NETWORK)), whole(data)
    (fitted,) = fit_folds(lambda _: build_model(network, data.transforms), data, [fold], Plan(60, 0, 0.005), seed=0)
    told = each(fitted.model).predict(feed.inputs_of(fold.valid), verbose=0)
    truth = np.asarray(fold.valid.target)
    right = (told.argmax(axis=2) == truth[:, None]).mean(axis=0)
    assert right.shape == (4,)
    assert right.min() > 0.8
    assert np.ptp(told[:, :, 0], axis=1).max() > 0.01  # they differ
    assert fitted.output == pytest.approx(told.mean(axis=1), abs=1e-5)
    best = min(row["valid_loss"] for row in fitted.history)
    assert loss_of(data, fitted.output) == pytest.approx(best, rel=1e-3)
    # It is a model of Keras' own layers, and LiteRT computes the same.
    fitted.model.save(tmp_path / "model.keras")
    litert.convert(keras.models.load_model(tmp_path / "model.keras"), tmp_path / litert.FILE)
    rows = data.split("test")
    lite = litert.load(tmp_path / litert.FILE)(feed.inputs_of(rows))
    assert lite == pytest.approx(predict(fitted.model, rows), abs=1e-5)


def test_one_seed_gives_one_network(data):
    first, second = (train_candidate(data, recipe(), NETWORK, None) for _ in range(2))
    assert first.score == second.score
    assert train_candidate(data, recipe(seed=2), NETWORK, None).score != first.score


def test_a_network_begins_with_the_weights_of_its_prefix(data):
    parent = train_candidate(data, recipe(epochs=20), NETWORK.prefix(1), None)
    assert weights_path(data, parent.architecture.fingerprint).exists()
    fresh = train_candidate(data, recipe(epochs=1, inherits=False), NETWORK.prefix(2), None)
    heir = train_candidate(data, recipe(epochs=1, inherits=False), NETWORK.prefix(2), parent.architecture.fingerprint)
    assert heir.score > fresh.score
    assert heir.parent == parent.architecture.fingerprint


def test_a_training_that_diverges_is_a_failed_candidate(data):
    with pytest.raises(CandidateError, match="diverged"):
        train_candidate(data, recipe(learning_rate=1e30), NETWORK, None)


def test_the_best_epoch_is_kept_and_the_budget_obeyed(data):
    model = build_model(NETWORK, data.transforms)
    rows = fit(model, data, whole(data), Plan(15, 16, 0.05, patience=3), seed=0)
    assert 1 <= len(rows) <= 15
    said = predict(model, whole(data).valid)
    assert loss_of(data, said) == pytest.approx(min(row["valid_loss"] for row in rows), rel=1e-4)
    quick = fit(
        build_model(NETWORK, data.transforms),
        data,
        whole(data),
        Plan(10_000, seconds=1.5),
        seed=0,
    )
    assert quick[-1]["seconds"] < 5
    assert len(quick) < 10_000


def test_rows_from_the_memory_map_train_like_rows_in_memory(data, monkeypatch):
    def trained():
        model = build_model(NETWORK.prefix(1), data.transforms)
        fit(model, data, whole(data), Plan(20, 32, 0.01), seed=0)
        return predict(model, data.split("valid"))

    in_memory = trained()
    monkeypatch.setattr(feed, "COPIED_BYTES", 0)
    mapped = trained()
    assert np.abs(mapped - in_memory).mean() < 0.1


def test_importance_finds_the_columns_that_matter(data):
    model = build_model(NETWORK, data.transforms)
    fit(model, data, whole(data), Plan(40, 0, 0.005), seed=0)
    found = measure_importance(model, data, seconds=30)
    order = [entry["column"] for entry in found]
    assert set(order[:3]) == {"x", "y", "colour"}
    assert set(order[3:]) == {"seen", "member"}
    assert found[2]["importance"] > 3 * found[3]["importance"]


def test_batches_grow_with_the_data():
    assert [default_batch_size(n) for n in (20, 3_000, 30_000, 10_000_000)] == [32, 32, 256, 1024]
