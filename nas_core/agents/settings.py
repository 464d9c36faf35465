"""Which agent proposes the networks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nas_core.settings import Settings


class AgentSettings(Settings):
    section = "Search"

    agent: Literal["ppo", "evolution", "random"] = Field("ppo", title="Agent")
    """`ppo`: reinforcement learning (RLlib). Baselines: `evolution` mutates the best, `random` draws blindly."""

    warm_start: tuple[str, ...] = Field((), max_length=8, title="Begin with the results of")
    """Addresses of earlier runs on like data. What their networks were worth guides the agent `ppo` from the start."""
