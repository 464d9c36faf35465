"""Regularized evolution: the best of a few of the latest networks has a child, the oldest die.

Real, Aggarwal, Huang & Le, "Regularized evolution for image classifier architecture search", AAAI 2019.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas_core.agents.agent import Codebook, Proposal, draw_unseen, mutate, uniform_probabilities, values_of
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.ledger import Entry
from nas_core.space.rules import Codes, Space

POPULATION = 20  # the latest networks; the first as many are random
SAMPLE = 5  # of them meet; the best has a child
MAX_MUTATIONS = 100  # of one parent until a child is new


class EvolutionAgent:
    """Proposes mutations of the best of a few; the population is read from the ledger."""

    def __init__(self, space: Space, settings: EnvSettings, seed: int) -> None:  # noqa: ARG002 (as all agents)
        self.space, self.seed, self.codebook = space, seed, Codebook(space)

    def propose(self, entries: Sequence[Entry], n: int, round_: int, pending: Sequence[Codes] = ()) -> list[Proposal]:
        """See :class:`nas_core.agents.agent.Agent`."""
        rng = np.random.default_rng([self.seed, round_])
        networks = self.codebook.codes_of(entries)
        seen = {*networks, *pending}
        proposed: list[Codes] = []
        if len(entries) >= POPULATION:
            members = list(zip(values_of(entries)[-POPULATION:], networks[-POPULATION:], strict=True))
            for _ in range(n):
                proposed += self._child(members, rng, {*seen, *proposed})
        proposed += draw_unseen(self.space, rng, {*seen, *proposed}, n - len(proposed))
        return [Proposal(codes, "evolution", uniform_probabilities(self.space, codes)) for codes in proposed]

    def _child(self, members: list[tuple[float, Codes]], rng: np.random.Generator, seen: set[Codes]) -> list[Codes]:
        """A new child of the best of a sample, or none when all that were tried are known."""
        sample = rng.choice(len(members), SAMPLE, replace=False)
        _, parent = max(members[i] for i in sample)
        for _ in range(MAX_MUTATIONS):
            child = mutate(self.space, rng, parent)
            if child not in seen:
                return [child]
        return []
