"""What both agents promise: new networks, and the same ones for the same seed and ledger."""

from __future__ import annotations

import numpy as np
import pytest
from spaces import dense_space, entry, kinship, likeness
from threadpoolctl import threadpool_info, threadpool_limits

from nas_core.agents.agent import draw
from nas_core.agents.ppo import PPOAgent
from nas_core.agents.registry import AGENTS, make_agent
from nas_core.envs.settings import EnvSettings


def searched(agent, space, target, n_rounds):
    """The entries of a search over a planted optimum, and the networks in the order of proposal."""
    entries, networks = [], []
    for round_ in range(n_rounds):
        proposals = agent.propose(list(entries), 5, round_)
        networks += [proposal.codes for proposal in proposals]
        for slot, proposal in enumerate(proposals):
            entries.append(entry(space, proposal.codes, likeness(target, proposal.codes), round_, slot))
    return entries, networks


@pytest.mark.slow
@pytest.mark.usefixtures("ray_on_this_machine")
@pytest.mark.parametrize("algorithm", ["layerwise", "whole"])
@pytest.mark.parametrize("name", AGENTS)
def test_proposals_are_new_legal_and_a_function_of_seed_and_ledger(name, algorithm):
    space, settings = dense_space(), EnvSettings(algorithm=algorithm)
    target = draw(space, np.random.default_rng(9))
    entries, networks = searched(make_agent(name, space, settings, 3), space, target, 4)
    assert len(set(networks)) == 20
    assert all(space.is_legal(codes) for codes in networks)
    # An agent that wakes up in the middle, with nothing but the ledger, proposes what the first one did.
    resumed = make_agent(name, space, settings, 3).propose(entries[:15], 5, 3)
    assert [proposal.codes for proposal in resumed] == networks[15:]
    other = make_agent(name, space, settings, 4).propose(entries[:15], 5, 3)
    assert [proposal.codes for proposal in other] != networks[15:]


class Counting(PPOAgent):
    """Notes how many cores its algebra may use while it proposes."""

    def _fit(self, *given):
        self.n_threads = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        return super()._fit(*given)


@pytest.mark.slow
def test_ppo_leaves_the_other_cores_to_the_trainings():
    space = dense_space()
    with threadpool_limits(limits=2, user_api="blas"):
        entries, _ = searched(agent := Counting(space, EnvSettings(), 0), space, (1, 2), 2)
        agent.propose(entries, 5, 2)
    assert agent.n_threads == {1}


@pytest.mark.slow
@pytest.mark.usefixtures("ray_on_this_machine")
@pytest.mark.parametrize("name", AGENTS)
def test_probabilities_say_what_was_thought_at_each_place(name):
    space = dense_space(max_layers=3)
    target = draw(space, np.random.default_rng(9))
    agent = make_agent(name, space, EnvSettings(), 0)
    entries, _ = searched(agent, space, target, 3)
    for proposal in agent.propose(entries, 5, 3):
        places = min(len(proposal.codes) + 1, 3)
        assert proposal.probabilities.shape == (places, len(space.vocabulary))
        assert np.allclose(proposal.probabilities.sum(1), 1, atol=1e-5)
        masks = np.array([space.mask(proposal.codes[:i]) for i in range(places)])
        assert (proposal.probabilities[~masks] < 1e-6).all()


def test_a_small_space_is_exhausted_and_then_there_is_nothing_to_propose():
    space = dense_space(max_layers=1)
    agent = make_agent("random", space, EnvSettings(), 0)
    target = (1,)
    entries, networks = searched(agent, space, target, 8)
    assert len(networks) == len(set(networks)) == len(space.vocabulary) - 1
    assert agent.propose(entries, 5, 9) == []


@pytest.mark.slow
@pytest.mark.usefixtures("ray_on_this_machine")
@pytest.mark.parametrize("algorithm", ["layerwise", "whole"])
def test_ppo_finds_a_planted_optimum_in_fewer_evaluations_than_random(algorithm):
    """Over 8 seeds: evaluations until a network is nearly the planted one, 50 at most.

    A slot counts fully with the planted choice and half with another of its kind; nearly is 7 of 8 halves.
    """
    needed = {"ppo": [], "random": []}
    for seed in range(8):
        space = dense_space(max_layers=4)
        target = draw(space, np.random.default_rng(100 + seed))
        for name, counts in needed.items():
            agent = make_agent(name, space, EnvSettings(algorithm=algorithm), seed)
            counts.append(evaluations_until(agent, space, target, 7 / 8, 50))
    found = {name: sum(count < 50 for count in counts) for name, counts in needed.items()}
    assert found["ppo"] >= found["random"] + 3
    assert np.mean(needed["ppo"]) < 0.9 * np.mean(needed["random"])


def evaluations_until(agent, space, target, wanted, limit):
    """How many networks were measured before one scored at least `wanted`; `limit` when none did."""
    entries = []
    for round_ in range(limit // 5):
        for slot, proposal in enumerate(agent.propose(list(entries), 5, round_)):
            score = kinship(space, target, proposal.codes)
            entries.append(entry(space, proposal.codes, score, round_, slot))
            if score >= wanted:
                return len(entries)
    return limit
