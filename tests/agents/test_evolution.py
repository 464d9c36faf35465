"""Regularized evolution: children of the best, and better than chance."""

from __future__ import annotations

import numpy as np
from spaces import dense_space, entry

from nas_core.agents.agent import draw_unseen, mutate, neighbours
from nas_core.agents.evolution import POPULATION, EvolutionAgent
from nas_core.agents.random import RandomAgent
from nas_core.envs.settings import EnvSettings


def test_neighbours_are_all_networks_one_change_away():
    space = dense_space(max_layers=3)
    codes = draw_unseen(space, np.random.default_rng(0), set(), 5)[-1]
    around = neighbours(space, codes)
    assert codes not in around
    assert len(around) == len(set(around))
    assert all(space.is_legal(network) and abs(len(network) - len(codes)) <= 1 for network in around)
    assert mutate(space, np.random.default_rng(1), codes) in around


def test_children_differ_by_one_change_from_the_latest():
    space = dense_space()
    networks = draw_unseen(space, np.random.default_rng(0), set(), 30)
    entries = [entry(space, codes, float(i), i) for i, codes in enumerate(networks)]
    proposals = EvolutionAgent(space, EnvSettings(), 0).propose(entries, 8, 30)
    parents = {child for codes in networks[-POPULATION:] for child in neighbours(space, codes)}
    assert all(proposal.codes in parents for proposal in proposals)
    assert len({proposal.codes for proposal in proposals} - set(networks)) == 8


def test_it_climbs_higher_than_random_search():
    """The higher the codes, the better."""
    space, settings = dense_space(max_layers=6, max_parameters=10**9), EnvSettings()
    best = {EvolutionAgent: [], RandomAgent: []}
    for seed in range(3):
        for make, heights in best.items():
            entries = []
            for round_ in range(80):
                (proposal,) = make(space, settings, seed).propose(entries, 1, round_)
                entries.append(entry(space, proposal.codes, sum(proposal.codes), round_))
            heights.append(max(e.reward for e in entries))
    assert min(best[EvolutionAgent]) > max(best[RandomAgent])
