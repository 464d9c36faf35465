"""The agents by the job's `agent`. Each entry is a dotted name, resolved when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from nas_core.agents.agent import Agent
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.surrogate import Results
from nas_core.space.rules import Space

AGENTS = {
    "ppo": "nas_core.agents.ppo:PPOAgent",
    "evolution": "nas_core.agents.evolution:EvolutionAgent",
    "random": "nas_core.agents.random:RandomAgent",
}
LEARNING = ("ppo",)


def make_agent(name: str, space: Space, settings: EnvSettings, seed: int, earlier: Sequence[Results] = ()) -> Agent:
    """The agent registered as `name` over `space`; KeyError when there is none.

    `earlier` are the results of earlier searches, for an agent that learns from them: an agent of the list `LEARNING`.
    """
    module, _, attribute = AGENTS[name].partition(":")
    make = getattr(import_module(module), attribute)
    agent: Agent = make(space, settings, seed, earlier) if name in LEARNING else make(space, settings, seed)
    return agent
