"""What is chosen is promising or unknown, never the same twice."""

from __future__ import annotations

import numpy as np
import pytest
from spaces import dense_space, likeness

from nas_core.agents.acquisition import ACQUISITIONS, choose
from nas_core.agents.agent import draw_spread, draw_unseen
from nas_core.evaluation.surrogate import Encoder, Results, Surrogate


@pytest.fixture(scope="module")
def landscape():
    """A surrogate, networks that it has not seen, and how good they are."""
    space = dense_space()
    target, *networks = draw_unseen(space, np.random.default_rng(0), set(), 301)
    values = [likeness(target, network) for network in networks]
    return Surrogate(Encoder(space), Results(networks[:100], values[:100])), networks[100:], np.array(values[100:])


def test_the_chosen_are_different_better_than_most_and_a_function_of_the_seed(landscape):
    surrogate, networks, values = landscape
    chosen = choose(surrogate, networks, 12, np.random.default_rng(1))
    assert len(set(chosen)) == 12
    assert np.mean([values[networks.index(codes)] for codes in chosen]) > values.mean() + 0.5 * values.std()
    assert chosen == choose(surrogate, networks, 12, np.random.default_rng(1))
    assert chosen != choose(surrogate, networks, 12, np.random.default_rng(2))


def test_no_more_are_chosen_than_there_are(landscape):
    surrogate, networks, _ = landscape
    assert sorted(choose(surrogate, networks[:3], 5, np.random.default_rng(0))) == sorted(networks[:3])
    assert choose(surrogate, [], 5, np.random.default_rng(0)) == []


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
def test_of_two_equally_known_the_better_and_of_two_equally_good_the_unknown(acquisition):
    """In most draws; the third is better by far and the fourth far less known."""
    rng = np.random.default_rng(0)
    mean, covariance = np.array([0.0, 0.0, 2.0, 0.0]), np.diag([0.2, 0.2, 0.2, 3.0])
    wins = np.bincount([np.argmax(acquisition(mean, covariance, 0.0, rng)) for _ in range(200)], minlength=4)
    assert wins[2] + wins[3] > 190


def test_the_first_networks_have_all_depths_and_all_choices_about_equally_often():
    space = dense_space(max_layers=5)
    networks = draw_spread(space, np.random.default_rng(0), 36)
    assert all(space.is_legal(codes) for codes in networks)
    depths = np.bincount([len(codes) for codes in networks], minlength=6)[1:]
    assert depths.min() >= 4
    first = np.bincount([codes[0] for codes in networks], minlength=len(space.vocabulary))[1:]
    assert first.max() - first.min() <= 1
