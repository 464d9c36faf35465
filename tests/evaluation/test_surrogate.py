"""The Gaussian process learns a landscape, knows what it does not know, and is not upset by an outlier."""

from __future__ import annotations

import numpy as np
from spaces import dense_space, likeness

from nas_core.agents.agent import draw_unseen
from nas_core.evaluation.surrogate import MAX_POINTS, Surrogate, alike, kept, normal_scores
from nas_core.space.architecture import Choice


def fitted(space, n, seed=0, spoil=False):
    rng = np.random.default_rng(seed)
    target, *networks = draw_unseen(space, rng, set(), n + 101)
    values = [likeness(target, network) for network in networks[:n]]
    if spoil:
        values[0] = -1000.0
    fresh = networks[n:]
    return Surrogate(space, networks[:n], values), networks[:n], fresh, [likeness(target, f) for f in fresh]


def test_it_ranks_networks_it_has_not_seen():
    surrogate, _, fresh, truth = fitted(dense_space(), 150)
    mean, _ = surrogate.predict(fresh)
    assert np.corrcoef(mean, truth)[0, 1] > 0.4


def test_one_terrible_value_does_not_flatten_the_others():
    surrogate, _, fresh, truth = fitted(dense_space(), 150, spoil=True)
    mean, _ = surrogate.predict(fresh)
    assert np.corrcoef(mean, truth)[0, 1] > 0.4


def test_it_is_surer_of_what_it_has_seen():
    surrogate, seen, fresh, _ = fitted(dense_space(), 60)
    assert surrogate.predict(seen)[1].mean() < 0.8 * surrogate.predict(fresh)[1].mean()


def test_a_network_assumed_as_measured_is_no_longer_uncertain_and_keeps_its_value():
    surrogate, _, fresh, _ = fitted(dense_space(), 60)
    mean, deviation = surrogate.predict(fresh[:1])
    surrogate.assume(fresh[0])
    mean_after, deviation_after = surrogate.predict(fresh[:1])
    assert deviation_after < 0.8 * deviation
    assert abs(mean_after - mean) < 0.2


def test_normal_scores_depend_on_the_order_alone():
    a, b = normal_scores(np.array([1.0, 5.0, 2.0])), normal_scores(np.array([-10.0, 1e9, 0.0]))
    assert np.allclose(a, b)
    assert a[1] > a[2] > a[0]
    assert np.allclose(normal_scores(np.array([3.0, 3.0])), 0)


def test_choices_are_alike_by_kind_and_by_size():
    small, middle, large = (Choice.of("dense", units=units, activation="relu") for units in (32, 64, 256))
    assert alike(small, small) == 1
    assert 1 > alike(small, middle) > alike(small, large) > 0
    assert alike(small, Choice.of("dropout", rate=0.1)) == 0


def test_a_fit_keeps_the_best_and_the_latest_points():
    values = np.arange(1000.0)[::-1]
    indices = kept(values)
    assert len(indices) == MAX_POINTS
    assert {0, 1, 999, 998} <= set(indices.tolist())
