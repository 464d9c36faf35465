"""Every environment obeys Gymnasium's checker, is deterministic under a seed, and pickles."""

from __future__ import annotations

import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from spaces import dense_space

from nas_core.envs.registry import ENVS
from nas_core.envs.whole import Whole
from nas_core.evaluation.evaluation import Evaluation


def evaluate(architectures):
    """Deeper is better, up to three layers."""
    return (Evaluation(a, min(len(a), 3) / 3, parameters=100 * len(a)) for a in architectures)


ALL = {**ENVS, "whole at once": Whole}


def play(env, seed):
    env.action_space.seed(seed)
    observation, _ = env.reset(seed=seed)
    seen = [observation]
    rewards = []
    for _ in range(40):
        observation, reward, terminated, _, _ = env.step(env.action_space.sample())
        seen.append(observation)
        rewards.append(reward)
        if terminated:
            env.reset()
    return seen, rewards


@pytest.mark.parametrize("name", ALL)
@pytest.mark.filterwarnings("ignore:.*Box observation space m.*infinity:UserWarning")
def test_gymnasium_finds_no_fault(name):
    check_env(ALL[name](dense_space(), evaluate), skip_render_check=True)


@pytest.mark.parametrize("name", ALL)
def test_a_seed_determines_the_episode(name):
    seen, rewards = play(ALL[name](dense_space(), evaluate), 7)
    again, rewards_again = play(ALL[name](dense_space(), evaluate), 7)
    assert rewards == rewards_again
    for a, b in zip(seen, again, strict=True):
        assert all(np.array_equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("name", ALL)
def test_it_pickles_in_the_middle_of_an_episode(name):
    env = ALL[name](dense_space(), evaluate)
    env.reset()
    action = 1 if isinstance(env.action_space, gym.spaces.Discrete) else np.array([1, 0, 0, 0, 0])
    again = pickle.loads(pickle.dumps(env))
    for mine, its in zip(env.step(action), again.step(action), strict=True):
        assert str(mine) == str(its)


@pytest.mark.parametrize("name", ALL)
def test_an_illegal_action_changes_nothing_and_costs(name):
    env = ALL[name](dense_space(), evaluate)
    before, _ = env.reset()
    action = 0 if isinstance(env.action_space, gym.spaces.Discrete) else np.zeros(5, int)
    after, reward, terminated, truncated, info = env.step(action)
    assert info["illegal"]
    assert reward < 0
    assert not terminated
    assert not truncated
    assert all(np.array_equal(before[key], after[key]) for key in before)
