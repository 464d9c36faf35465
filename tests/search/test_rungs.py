"""The second rung: the best candidates of pictures are trained longer and held against each other."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from nas_core.data.prepared import Prepared
from nas_core.evaluation.candidate import Recipe, train_candidate
from nas_core.evaluation.evaluation import Evaluation
from nas_core.evaluation.ledger import FIRST, Entry, Ledger
from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.run import create_run
from nas_core.search.clock import Clock
from nas_core.search.rungs import Rung, finalists
from nas_core.search.settings import SearchSettings
from nas_core.space.architecture import Architecture, Choice
from nas_core.stage import execute
from nas_core.tasks.registry import load_task

NETWORKS = [Architecture((Choice.of("dense", units=units, activation="relu"),)) for units in range(1, 9)]


def run_of(tmp_path, task="tabular_classification"):
    return create_run(str(tmp_path), "rungs", job_json(parse_job(load_task(task).sample(tmp_path))), "1")


def searched(run, scores):
    """A ledger in which network after network has one of the `scores`; None has failed."""
    ledger = Ledger(run.path(layout.CANDIDATES))
    for slot, score in enumerate(scores):
        error = "it diverged" if score is None else None
        agent = "ppo" if slot else FIRST
        ledger.add(Entry(Evaluation(NETWORKS[slot], score, flops=7, error=error), 0, slot, agent, score, 0.0))
    return ledger


def rung_of(run, ledger, minutes=10):
    return Rung(run, ledger, Clock(run.path(layout.CLOCK), SearchSettings(budget_minutes=minutes)), 0.0)


def test_the_best_quarter_is_trained_again_and_goes_before_the_rest(tmp_path):
    run = run_of(tmp_path)
    ledger = searched(run, [0.1, 0.8, 0.3, 0.7, 0.2, None, 0.4, 0.5])
    seen = []

    def train(architecture):
        seen.append(architecture)
        return Evaluation(architecture, 0.9 - 0.1 * NETWORKS.index(architecture) / 8, epochs=16)

    rung_of(run, ledger).climb(train, 1, NETWORKS[1])
    assert seen == [NETWORKS[1], NETWORKS[3]]
    promoted = Ledger(run.path(layout.PROMOTED))
    assert [(entry.evaluation.epochs, entry.evaluation.flops) for entry in promoted] == [(16, 7)] * 2
    order = [entry.evaluation.architecture for entry in finalists(run, 4)]
    assert order == [NETWORKS[i] for i in (1, 3, 7, 6)]
    # What was trained longer is not trained again, and the first rung is as it was.
    rung_of(run, ledger).climb(train, 1, NETWORKS[1])
    assert len(seen) == 2
    assert len(Ledger(run.path(layout.CANDIDATES))) == 8


def test_a_longer_training_may_change_the_order(tmp_path):
    run = run_of(tmp_path)
    ledger = searched(run, [0.1, 0.8, 0.3, 0.7, 0.2, 0.0, 0.4, 0.5])
    rung_of(run, ledger).climb(lambda each: Evaluation(each, len(str(each)) + NETWORKS.index(each)), 2, NETWORKS[1])
    assert finalists(run, 1)[0].evaluation.architecture == NETWORKS[3]


def test_one_network_alone_is_held_against_nothing(tmp_path):
    run = run_of(tmp_path)
    ledger = searched(run, [0.5])
    rung_of(run, ledger).climb(lambda each: pytest.fail(f"{each} was trained"), 1, NETWORKS[1])
    assert [entry.evaluation.architecture for entry in finalists(run, 3)] == NETWORKS[:1]


def test_when_the_time_is_up_nobody_climbs(tmp_path):
    run = run_of(tmp_path)
    rung = rung_of(run, searched(run, [0.5, 0.6]), minutes=1e-9)
    rung.climb(lambda each: pytest.fail(f"{each} was trained"), 1, NETWORKS[1])
    assert len(finalists(run, 3)) == 2


def test_the_known_network_is_held_against_the_best_one_whatever_its_place(tmp_path):
    run = run_of(tmp_path)
    ledger = searched(run, [0.1, 0.8, 0.3, 0.7, 0.2, 0.0, 0.4, 0.5])
    seen = []
    rung_of(run, ledger).climb(lambda each: seen.append(each) or Evaluation(each, 0.5), 1, NETWORKS[4])
    assert seen == [NETWORKS[1], NETWORKS[4], NETWORKS[3]]


@pytest.mark.slow
def test_a_candidate_sees_small_pictures_and_is_told_for_what_it_is_in_full(tmp_path):
    run = run_of(tmp_path, "image_classification")
    execute("prepare", run)
    data, low = Prepared(run), Recipe(2, 32, 0.005, 0, inherits=False, share=0.25, shrink=2)
    network = Architecture((Choice.of("conv", filters=16, kernel=5, stride=1), Choice.of("flatten")))
    first, second = (train_candidate(data, recipe, network, None) for recipe in (low, low.longer(8)))
    assert (first.epochs, first.share, first.shrink) == (2, 0.25, 2)
    assert (second.epochs, second.share, second.shrink) == (4, 1.0, 1)
    assert first.parameters == second.parameters
    assert None not in (first.score, second.score)
    limited = train_candidate(data, replace(low, epochs=100_000, seconds=2.0), network, None)
    assert limited.score is not None and limited.epochs < 100_000


def test_where_rows_are_few_one_fold_is_tried_first_and_then_all(tmp_path):
    run = run_of(tmp_path)
    execute("prepare", run)
    data, low = Prepared(run), Recipe(4, 0, 0.005, 0, inherits=True, n_folds=5, share=0.8, n_tried=1)
    assert len(low.folds(data)) == 1
    assert len(low.longer(4).folds(data)) == 5
    assert len(low.longer(4, n_tried=1).folds(data)) == 1
    assert (low.longer(4).epochs, low.longer(4).share) == (13, 1.0)
    assert [recipe.plan.seconds for recipe in (low, low.longer(4, 9.0))] == [math.inf, 9.0]


LOW = Recipe(4, 0, 0.005, 0, inherits=False, n_folds=5, n_tried=1)


@pytest.mark.parametrize(
    ("lower", "seconds", "n_folds"),
    [
        (LOW, 40.0, 5),  # 5 folds, each 4 times as long as 2 s
        (LOW, 39.0, 1),
        (LOW, 4.0, 1),
        (LOW, 3.9, None),
        (replace(LOW, n_folds=1, n_tried=0), 8.0, 1),
        (replace(LOW, n_folds=1, n_tried=0), 3.9, None),
        (replace(LOW, n_folds=1, n_tried=0, shrink=2), 15.9, None),  # four times as many pixels
    ],
)
def test_folds_of_the_longer_training_follow_the_time(tmp_path, lower, seconds, n_folds):
    run = run_of(tmp_path)
    ledger = Ledger(run.path(layout.CANDIDATES))
    for slot in range(2):
        took = {"build": 0.5, "train": 1.5}
        ledger.add(Entry(Evaluation(NETWORKS[slot], 0.5 - slot, seconds=took), 0, slot, "ppo", 0.5 - slot, 0.0))
    longer = rung_of(run, ledger).recipe(lower, seconds)
    if n_folds is None:
        assert longer is None
    else:
        assert (longer.n_tried or longer.n_folds, longer.epochs, longer.seconds) == (n_folds, 16, seconds)


def test_a_second_rung_that_is_taken_up_goes_on_in_as_many_folds(tmp_path):
    run = run_of(tmp_path)
    ledger = searched(run, [0.1, 0.8, 0.3, 0.7])
    rung_of(run, ledger).climb(lambda each: Evaluation(each, 0.5, n_folds=5), 1, NETWORKS[1])
    assert rung_of(run, ledger).recipe(LOW, 0.1).n_tried == 0
    assert rung_of(run, ledger).ledger.best()[0].evaluation.n_folds == 5


def test_one_network_alone_needs_no_longer_training(tmp_path):
    run = run_of(tmp_path)
    assert rung_of(run, searched(run, [0.5])).recipe(LOW, 1e9) is None


def test_without_a_second_rung_the_first_network_comes_second(tmp_path):
    run = run_of(tmp_path)
    searched(run, [0.1, 0.8, 0.3, 0.7])
    order = [entry.evaluation.architecture for entry in finalists(run, 3)]
    assert order == [NETWORKS[i] for i in (1, 0, 3)]


def test_of_what_the_search_began_with_only_the_whole_networks_count(tmp_path):
    run = run_of(tmp_path)
    ledger = searched(run, [0.1, 0.8])
    beginning, whole = NETWORKS[4], Architecture(NETWORKS[4].choices * 2)
    for network in (whole, beginning):
        ledger.add(Entry(Evaluation(network, 0.0), 0, 9, FIRST, 0.0, 0.0))
    assert [entry.evaluation.architecture for entry in ledger.begun_with()] == [NETWORKS[0], whole]


def test_the_first_network_has_no_place_when_it_failed(tmp_path):
    run = run_of(tmp_path)
    searched(run, [None, 0.8, 0.3])
    assert [entry.evaluation.architecture for entry in finalists(run, 3)] == [NETWORKS[i] for i in (1, 2)]
