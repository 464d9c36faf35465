"""The agents by the job's `agent`. Each entry is a dotted name, resolved when it is used."""

from __future__ import annotations

from importlib import import_module

from nas_core.agents.agent import Agent
from nas_core.envs.settings import EnvSettings
from nas_core.space.rules import Space

AGENTS = {
    "ppo": "nas_core.agents.ppo:PPOAgent",
    "evolution": "nas_core.agents.evolution:EvolutionAgent",
    "random": "nas_core.agents.random:RandomAgent",
}


def make_agent(name: str, space: Space, settings: EnvSettings, seed: int) -> Agent:
    """The agent registered as `name` over `space`; KeyError when there is none."""
    module, _, attribute = AGENTS[name].partition(":")
    agent: Agent = getattr(import_module(module), attribute)(space, settings, seed)
    return agent
