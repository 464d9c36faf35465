"""Which agent proposes the networks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from nas_core.settings import Settings


class AgentSettings(Settings):
    section = "Search"

    agent: Literal["ppo", "evolution", "random"] = Field("ppo", title="Agent")
    """`ppo`: reinforcement learning (RLlib). Baselines: `evolution` mutates the best, `random` draws blindly."""

    warm_start: tuple[str, ...] = Field((), max_length=8, title="Begin with the results of")
    """Addresses of earlier runs on like data. What their networks were worth guides the agent `ppo` from the start."""

    @model_validator(mode="after")
    def _learns(self) -> AgentSettings:
        if self.warm_start and self.agent != "ppo":
            raise ValueError(f"`warm_start` needs the agent 'ppo', the one that learns, but got {self.agent!r}.")
        return self
