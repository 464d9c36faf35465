"""Random search: the baseline that every agent has to beat (Li & Talwalkar, UAI 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas_core.agents.agent import Codebook, Proposal, draw_unseen, uniform_probabilities
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.ledger import Entry
from nas_core.space.rules import Codes, Space


class RandomAgent:
    """Draws networks blindly, none twice."""

    def __init__(self, space: Space, settings: EnvSettings, seed: int) -> None:  # noqa: ARG002 (as all agents)
        self.space, self.seed, self.codebook = space, seed, Codebook(space)

    def propose(self, entries: Sequence[Entry], n: int, round_: int, pending: Sequence[Codes] = ()) -> list[Proposal]:
        """See :class:`nas_core.agents.agent.Agent`."""
        rng = np.random.default_rng([self.seed, round_])
        networks = draw_unseen(self.space, rng, {*self.codebook.codes_of(entries), *pending}, n)
        return [Proposal(codes, "random", uniform_probabilities(self.space, codes)) for codes in networks]
