"""A bank trains as Keras does: the same steps from the same weights, the same results within the noise of seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from samples import prepare_sample

from nas_core.data.folds import make_folds
from nas_core.data.prepared import Prepared
from nas_core.evaluation.bank import Bank, Member
from nas_core.evaluation.candidate import BankTrainer, Recipe, Request, train_candidate, weights_path
from nas_core.evaluation.compiled.slots import slots_of
from nas_core.inputs.tabular import bins
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.build import steps_of
from nas_core.space.steps import Dropout
from nas_core.tasks.registry import load_part
from nas_core.training.fit import fit, predict
from nas_core.training.model import build_model
from nas_core.training.pace import Plan
from nas_core.training.quiet import quiet_tensorflow

quiet_tensorflow()

TASKS = ("tabular_classification", "tabular_regression")


def dense(units, activation="relu"):
    return Choice.of("dense", units=units, activation=activation)


BATCH, ROW = (Choice.of("normalization", over=over) for over in ("batch", "row"))
RESIDUAL, SMOOTH = (Choice.of("residual", activation=activation) for activation in ("relu", "silu"))
GATE = Choice.of("gate")
DROPOUT = Choice.of("dropout", rate=0.25)
SMALL = Architecture((dense(32),))
# A normalisation over the batch takes the gradient from a bias just before it, and, as the last layer, from the head's:
# what is left is rounding, of which AdamW makes whole steps. None of these does, so that equal trainings stay equal.
NETWORKS = [
    SMALL,
    Architecture((dense(64, "silu"), BATCH, dense(32, "tanh"))),
    Architecture((BATCH, SMOOTH, RESIDUAL)),
    Architecture((BATCH, dense(64), ROW, RESIDUAL, dense(32, "tanh"))),
    Architecture((BATCH, GATE, dense(64, "prelu"), GATE, dense(32, "prelu"))),
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Give a task's name, get its prepared sample."""

    @cache
    def prepare(task: str) -> Prepared:
        folder = tmp_path_factory.mktemp("data")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bins, "ROWS_A_BIN", 10)  # the sample is too small for bins otherwise
            return prepare_sample(folder, task)

    return prepare


@pytest.fixture(params=[False, True], ids=["direct", "compiled"])
def on_gpu(request) -> bool:
    """Both ways of a bank; the one for a GPU runs on a core too."""
    return request.param


@pytest.fixture
def data(prepared) -> Prepared:
    """The first task's."""
    return prepared(TASKS[0])


def recipe(**changes) -> Recipe:
    fields = {"epochs": 10, "batch_size": 0, "learning_rate": 0.005, "seed": 1, "inherits": False}
    return Recipe(**fields | changes)


def named_weights(model):
    return {f"{layer.name}/{i}": weight for layer in model.layers for i, weight in enumerate(layer.get_weights())}


def test_steps_lie_in_as_few_slots_as_their_order_allows():
    slots = slots_of(steps_of(Architecture((BATCH, DROPOUT, dense(32), ROW, RESIDUAL)), (7,)), 7)
    assert [(slot.width, slot.units) for slot in slots] == [(7, 7), (7, 32), (32, 32), (32, 32), (32, 32)]
    assert slots[1].dropout == Dropout(0.25)
    assert [bool(slot.keep) for slot in slots] == [False, False, False, True, False]
    assert slots[3].norm.name == "layer5_residual_norm"
    assert slots[4].add
    # What is not declared, is no vector or has an activation that a bank does not know goes through Keras.
    assert steps_of(SMALL, (7, 7)) is None
    assert steps_of(Architecture((dense(-1),)), (7,)) is None
    assert steps_of(Architecture((dense(8, "gelu"),)), (7,)) is None


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_the_same_steps_from_the_same_weights(prepared, task, on_gpu):
    import keras

    data = prepared(task)
    (fold,) = make_folds(data, 1)
    plan = Plan(epochs=8, batch_size=len(fold.train), learning_rate=0.002)  # whole batches: the order means nothing
    bank = Bank(data, [fold], plan, on_gpu)
    for network in NETWORKS:
        keras.utils.set_random_seed(5)  # from others the third is so steep that rounding shows after some steps
        model = build_model(network, data.transforms)
        (trained,) = bank.train([Member(network, 0, (0,), named_weights(model))])
        history = fit(model, data, fold, plan, seed=0)
        assert trained.losses == pytest.approx([row["loss"] for row in history], rel=2e-3)
        assert trained.valid_losses == pytest.approx([row["valid_loss"] for row in history], rel=2e-3)
        assert trained.n_parameters == sum(np.prod(weight.shape) for weight in model.trainable_weights)
        spread = np.std(trained.output)
        assert np.abs(predict(model, fold.valid) - trained.output).max() < 0.01 * spread
        # The weights are those of the Keras model by name: in it they give the same output.
        assert trained.weights.keys() == named_weights(model).keys()
        for layer in model.layers:
            layer.set_weights([trained.weights[f"{layer.name}/{i}"] for i in range(len(layer.get_weights()))])
        assert np.abs(predict(model, fold.valid) - trained.output).max() < 1e-4 * spread


@pytest.mark.slow
def test_results_are_those_of_fit_within_the_noise_of_seeds(data, on_gpu):
    bank, n_seeds = BankTrainer(data, recipe(), on_gpu).bank, 4
    (fold,) = make_folds(data, 1)
    for network in (NETWORKS[1], Architecture((dense(64), DROPOUT, dense(64, "silu")))):
        members = [Member(network, 0, (seed,)) for seed in range(n_seeds)]
        banked = [min(bank.train([member])[0].valid_losses) for member in members]
        fitted = []
        for seed in range(n_seeds):
            model = build_model(network, data.transforms)
            fitted.append(min(row["valid_loss"] for row in fit(model, data, fold, recipe().plan, seed)))
        noise = np.hypot(np.std(banked, ddof=1), np.std(fitted, ddof=1)) / n_seeds**0.5
        assert abs(np.mean(banked) - np.mean(fitted)) < 4 * noise


@pytest.mark.slow
def test_a_training_at_pace_goes_back_to_its_best_epoch_and_ends_by_itself(data, on_gpu):
    bank = Bank(data, make_folds(data, 3), Plan(400, learning_rate=0.01, patience=10), on_gpu)
    trained, history = bank.train_at_pace([Member(NETWORKS[1], fold, (0, fold)) for fold in range(3)], seconds=60)
    losses, rates = [row["valid_loss"] for row in history], [row["learning_rate"] for row in history]
    assert history[-1]["epoch"] < 400
    assert rates[-1] < 0.03 * rates[0]
    after = [after for before, now, after in zip(rates, rates[1:], losses[1:], strict=False) if now < 0.5 * before]
    assert max(after) < min(losses) + 0.5 * (losses[0] - min(losses))  # it went on from a good epoch
    assert [min(each.valid_losses) for each in trained] == pytest.approx(
        [binary_crossentropy(data, fold, each.output) for fold, each in enumerate(trained)], rel=0.01
    )
    _, short = bank.train_at_pace([Member(NETWORKS[1], 0, (0,))], seconds=1e-9)
    assert len(short) == 1


def binary_crossentropy(data, fold, output):
    """The loss of the task's head on the rows that judge in `fold`."""
    judged = make_folds(data, 3)[fold]
    loss = load_part(data.schema["task"], "target", "head").loss(data.transforms["target"], len(judged.train))
    return float(np.mean(loss(judged.valid.target, output)))


@pytest.mark.slow
def test_company_changes_nothing_but_the_rounding(data, on_gpu):
    trainer = BankTrainer(data, recipe(n_folds=3), on_gpu)
    networks = [*NETWORKS, Architecture((dense(64), DROPOUT, dense(64)))]
    requests = [Request(network, None) for network in networks]
    alone = [trainer.train([request])[0] for request in requests]
    assert [evaluation.score for evaluation in alone] == [trainer.train([r])[0].score for r in requests]
    together = trainer.train(requests[::-1])[::-1]
    for one, other in zip(alone, together, strict=True):
        assert other.score == pytest.approx(one.score, rel=0.02, abs=0.02)
        assert other.parameters == one.parameters
    assert all(evaluation.standard_error > 0 for evaluation in together)


ONE_AFTER_ANOTHER = """
import sys
from nas_core.data.folds import make_folds
from nas_core.data.prepared import Prepared
from nas_core.evaluation.bank import Bank, Member
from nas_core.runs.run import open_run
from nas_core.space.architecture import Architecture, Choice
from nas_core.training.pace import Plan
data = Prepared(open_run(sys.argv[1]))
bank = Bank(data, make_folds(data, 1), Plan(1, learning_rate=0.005), on_gpu=True)
for widths in ([32], [128, 64], [64, 128, 128]):
    layers = [Choice.of("dense", units=units, activation="relu") for units in widths]
    bank.train([Member(Architecture((*layers, Choice.of("normalization", over="row"))), 0, (0,))])
"""


@pytest.mark.slow
def test_one_program_is_compiled_for_all_networks_of_a_form(data, tmp_path):
    """What the compiler holds for a constant, an index in brackets for one, it compiles for each value of anew."""
    environment = os.environ | {"XLA_FLAGS": f"--xla_dump_to={tmp_path} --xla_dump_hlo_as_text"}
    subprocess.run([sys.executable, "-c", ONE_AFTER_ANOTHER, data.run.address], env=environment, check=True)
    assert len(list(tmp_path.glob("*XlaMustCompile*before_optimizations.txt"))) == 1


@pytest.mark.slow
def test_one_that_diverges_fails_alone(data, on_gpu):
    bank = Bank(data, make_folds(data, 1), Plan(5, learning_rate=0.005), on_gpu)
    spoilt = {"layer1_dense/1": np.full(32, np.nan, np.float32)}
    bad, good = bank.train([Member(SMALL, 0, (0,), spoilt), Member(SMALL, 0, (0,))])
    assert bad.is_diverged
    assert not good.is_diverged
    assert np.isfinite(good.output).all()
    (failed,) = BankTrainer(data, recipe(learning_rate=1e30), on_gpu).train([Request(SMALL, None)])
    assert "diverged" in failed.error


@pytest.mark.slow
def test_a_network_begins_with_the_weights_of_its_prefix(data, on_gpu):
    first = BankTrainer(data, recipe(epochs=20, inherits=True, n_folds=2), on_gpu)
    (parent,) = first.train([Request(SMALL, None)])
    assert weights_path(data, SMALL.fingerprint, 1).exists()
    longer = Architecture((*SMALL, RESIDUAL))
    second = BankTrainer(data, recipe(epochs=1, n_folds=2), on_gpu)
    (fresh,) = second.train([Request(longer, None)])
    (heir,) = second.train([Request(longer, SMALL.fingerprint)])
    assert heir.score > fresh.score
    assert heir.parent == SMALL.fingerprint
    # Keras reads them too.
    assert train_candidate(data, recipe(epochs=1, n_folds=2), longer, SMALL.fingerprint).score > fresh.score
    assert set(parent.seconds) >= {"build", "compile", "train", "measure"}
