"""The Gaussian process learns a landscape, knows what it does not know, and is not upset by an outlier."""

from __future__ import annotations

import numpy as np
from spaces import dense_space, likeness

from nas_core.agents.agent import draw_unseen
from nas_core.evaluation.surrogate import MAX_POINTS, Encoder, Results, Surrogate, alike, kept, normal_scores
from nas_core.space.architecture import Choice


def fitted(space, n, seed=0, spoil=False):
    rng = np.random.default_rng(seed)
    target, *networks = draw_unseen(space, rng, set(), n + 101)
    values = [likeness(target, network) for network in networks[:n]]
    if spoil:
        values[0] = -1000.0
    fresh = networks[n:]
    surrogate = Surrogate(Encoder(space), Results(networks[:n], values))
    return surrogate, networks[:n], fresh, [likeness(target, f) for f in fresh]


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
    surrogate.assume(fresh[:1])
    mean_after, deviation_after = surrogate.predict(fresh[:1])
    assert deviation_after < 0.8 * deviation
    assert abs(mean_after - mean) < 0.2


def test_what_is_said_of_many_at_once_agrees_with_what_is_said_of_each():
    surrogate, _, fresh, _ = fitted(dense_space(), 60)
    mean, deviation = surrogate.predict(fresh)
    joint_mean, covariance = surrogate.joint(fresh)
    assert np.allclose(mean, joint_mean)
    assert np.allclose(deviation**2, np.diag(covariance), atol=1e-6)
    assert np.linalg.eigvalsh(covariance).min() > -1e-8


def test_an_earlier_search_on_like_data_helps_and_one_on_other_data_does_no_harm():
    """The likeness to one network is learned from few results; another search knows the same network, or another."""
    space = dense_space()
    rng = np.random.default_rng(1)
    target, other, *networks = draw_unseen(space, rng, set(), 402)
    measured, before, fresh = networks[:15], networks[15:200], networks[200:]
    truth = [likeness(target, f) for f in fresh]

    def quality(*earlier):
        own = Results(measured, [likeness(target, m) for m in measured])
        mean, _ = Surrogate(Encoder(space), own, earlier).predict(fresh)
        return np.corrcoef(mean, truth)[0, 1]

    alone = quality()
    assert quality(Results(before, [7 + 100 * likeness(target, b) for b in before])) > alone + 0.2
    assert quality(Results(before, [likeness(other, b) for b in before])) > alone - 0.15


def test_an_earlier_search_alone_is_enough_to_predict():
    space = dense_space()
    target, *networks = draw_unseen(space, np.random.default_rng(2), set(), 251)
    earlier = Results(networks[:150], [likeness(target, network) for network in networks[:150]])
    surrogate = Surrogate(Encoder(space), Results([], []), [earlier])
    mean, _ = surrogate.predict(networks[150:])
    assert np.corrcoef(mean, [likeness(target, network) for network in networks[150:]])[0, 1] > 0.4
    assert np.isfinite(surrogate.highest)


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
