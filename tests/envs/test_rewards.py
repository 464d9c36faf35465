"""What the environments reward and what they show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from spaces import dense_space

from nas_core.envs.layerwise import Layerwise
from nas_core.envs.registry import ENVS, evaluated_last
from nas_core.envs.reward import FAILED, value
from nas_core.envs.whole import SlotBySlot, Whole
from nas_core.evaluation.evaluation import Evaluation

STOP = 0


def deeper_is_better(architectures):
    return (Evaluation(a, len(a) / 10, parameters=1024) for a in architectures)


def always_fails(architectures):
    return (Evaluation(a, None, error="no") for a in architectures)


def test_layerwise_rewards_add_up_to_the_value_of_the_network():
    env = Layerwise(dense_space(), deeper_is_better, size_penalty=0.01)
    env.reset()
    rewards = [env.step(code)[1] for code in (1, 2, 3, STOP)]
    final = value(Evaluation(None, 0.3, parameters=1024), 0.01)
    assert sum(rewards) == pytest.approx(final)
    assert final == pytest.approx(0.3 - 10 * 0.01)


@pytest.mark.parametrize("algorithm", ENVS)
@pytest.mark.parametrize("codes", [(1, 2, STOP), (1, 2, 3, 4)])
def test_what_an_action_has_evaluated_is_known_before(algorithm, codes):
    space, asked = dense_space(max_layers=4), []

    def evaluate(architectures):
        asked.extend(map(space.vocabulary.encode, architectures))
        return deeper_is_better(architectures)

    env = ENVS[algorithm](space, evaluate)
    env.reset()
    for code in codes:
        expected = evaluated_last(algorithm, space, (*env.codes, code))
        env.step(code)
        assert asked == expected
        asked.clear()


def test_layerwise_does_not_evaluate_what_is_too_short_to_be_a_network():
    asked = []

    def evaluate(architectures):
        asked.extend(architectures)
        return deeper_is_better(architectures)

    env = Layerwise(replace(dense_space(), min_layers=3), evaluate)
    env.reset()
    steps = [env.step(code)[1:3] for code in (1, 2, 3, 4)]
    assert steps == [(0.0, False), (0.0, False), (pytest.approx(0.3), False), (pytest.approx(0.1), False)]
    assert [len(architecture) for architecture in asked] == [3, 4]


def test_layerwise_ends_at_stop_at_full_depth_and_at_a_failure():
    env = Layerwise(dense_space(max_layers=2), deeper_is_better)
    env.reset()
    assert [env.step(code)[2] for code in (1, 2)] == [False, True]
    env.reset()
    assert [env.step(code)[2] for code in (1, STOP)] == [False, True]
    env = Layerwise(dense_space(), always_fails)
    env.reset()
    _, reward, terminated, _, info = env.step(1)
    assert (reward, terminated, info["evaluation"].error) == (FAILED, True, "no")


def test_whole_network_is_evaluated_once_with_all_its_layers():
    asked = []

    def evaluate(architectures):
        asked.extend(architectures)
        return deeper_is_better(architectures)

    env = SlotBySlot(Whole(dense_space(), evaluate))
    env.reset()
    steps = [env.step(code)[1:3] for code in (1, 2, 3, STOP)]
    assert steps == [(0.0, False)] * 3 + [(0.3, True)]
    assert [len(architecture) for architecture in asked] == [3]


def test_the_observation_holds_the_last_trainings_and_the_network_so_far():
    past = [Evaluation(None, 0.5, parameters=10**6), Evaluation(None, None, error="no")]
    env = Layerwise(dense_space(), deeper_is_better, history=3, past=past)
    observation, _ = env.reset()
    assert observation["history"].tolist() == [[0, 0, 0], [0.5, 1, 1], [-1, 0, 1]]
    observation, *_ = env.step(4)
    assert observation["architecture"].tolist() == [4, 0, 0, 0, 0]
    assert observation["history"][-1, 0] == np.float32(0.1)
    assert observation["history"][0].tolist() == [0.5, 1, 1]


def test_render_says_the_network_in_words():
    env = Layerwise(dense_space(), deeper_is_better, render_mode="ansi")
    env.reset()
    env.step(1)
    assert env.render() == "dense relu 32 = 0.1000"
