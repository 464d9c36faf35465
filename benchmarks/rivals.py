"""What the agent is compared with and the product does not offer: local search, REINFORCE, and the agent unlearned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas_core.agents.agent import Codebook, Proposal, draw, draw_unseen, neighbours, uniform_probabilities, values_of
from nas_core.agents.ppo import N_ITERATIONS, PPOAgent, Practice, count_episodes
from nas_core.envs.settings import EnvSettings
from nas_core.evaluation.ledger import Entry
from nas_core.space.rules import Codes, Space
from nas_core.space.vocabulary import STOP


class LocalSearch:
    """Goes to the first better neighbour; where there is none, begins anew at a random network.

    White, Nolen & Savani, "Exploring the loss landscape in neural architecture search", UAI 2021.
    """

    def __init__(self, space: Space, settings: EnvSettings, seed: int) -> None:  # noqa: ARG002 (as all agents)
        self.space, self.codebook, self.rng = space, Codebook(space), np.random.default_rng(seed)
        self.centre, self.height = (), -np.inf
        self.around: list[Codes] = []

    def propose(
        self,
        entries: Sequence[Entry],
        n: int,
        round_: int,  # noqa: ARG002
        pending: Sequence[Codes] = (),  # noqa: ARG002
    ) -> list[Proposal]:
        """See :class:`nas_core.agents.agent.Agent`."""
        known = dict(zip(self.codebook.codes_of(entries), values_of(entries), strict=True))
        proposed: list[Codes] = []
        while len(proposed) < n:
            better = [codes for codes in self.around if known.get(codes, -np.inf) > self.height]
            if better:
                self._move(max(better, key=known.__getitem__), known)
            fresh = [codes for codes in self.around if codes not in known and codes not in proposed]
            if fresh:
                proposed.append(fresh[0])
            elif proposed:
                break
            else:
                self._restart({*known, *proposed})
                proposed.append(self.centre)
                break
        return [Proposal(codes, "local", uniform_probabilities(self.space, codes)) for codes in proposed]

    def _move(self, centre: Codes, known: dict[Codes, float]) -> None:
        self.centre, self.height = centre, known[centre]
        around = neighbours(self.space, centre)
        self.around = [around[i] for i in self.rng.permutation(len(around))]

    def _restart(self, seen: set[Codes]) -> None:
        """Around a random network lies, until it is measured, only itself."""
        (self.centre,), self.height = draw_unseen(self.space, self.rng, seen, 1), -np.inf
        self.around = [self.centre]


class SameSurrogate(PPOAgent):
    """The agent without the learning: as many random networks as a policy would build go through the same surrogate."""

    def _practise(self, practice: Practice, seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(N_ITERATIONS * count_episodes(self.space)):
            env = practice.make_env()
            env.reset()
            for code in (*draw(self.space, rng), STOP):
                if env.step(code)[2]:
                    break

    def _probabilities(self, policy: None, practice: Practice, codes: Codes) -> np.ndarray:  # noqa: ARG002
        return uniform_probabilities(self.space, codes)


class Reinforce:
    """A table of logits by slot, moved by the reward against its running mean.

    Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning", 1992. What it
    draws a second time costs nothing, and teaches it again.
    """

    RATE, MEMORY, MAX_REPEATS = 50.0, 0.9, 200

    def __init__(self, space: Space, settings: EnvSettings, seed: int) -> None:  # noqa: ARG002 (as all agents)
        self.space, self.codebook, self.rng = space, Codebook(space), np.random.default_rng(seed)
        self.logits = np.zeros((space.max_layers, len(space.vocabulary)))
        self.mean: float | None = None
        self.n_learned = 0

    def propose(
        self,
        entries: Sequence[Entry],
        n: int,
        round_: int,  # noqa: ARG002
        pending: Sequence[Codes] = (),  # noqa: ARG002
    ) -> list[Proposal]:
        """See :class:`nas_core.agents.agent.Agent`."""
        known = dict(zip(self.codebook.codes_of(entries), values_of(entries), strict=True))
        for codes in list(known)[self.n_learned :]:
            self._learn(codes, known[codes])
        self.n_learned = len(known)
        proposed: list[Codes] = []
        for _ in range(self.MAX_REPEATS):
            codes = self._draw()
            if codes in known:
                self._learn(codes, known[codes])
            elif codes not in proposed:
                proposed.append(codes)
            if len(proposed) == n:
                break
        proposed += draw_unseen(self.space, self.rng, {*known, *proposed}, n - len(proposed))
        return [Proposal(codes, "reinforce", uniform_probabilities(self.space, codes)) for codes in proposed]

    def _draw(self) -> Codes:
        codes: Codes = ()
        while len(codes) < self.space.max_layers:
            code = int(self.rng.choice(len(self.space.vocabulary), p=self._shares(codes)))
            if code == STOP:
                break
            codes = (*codes, code)
        return codes

    def _learn(self, codes: Codes, worth: float) -> None:
        self.mean = worth if self.mean is None else self.MEMORY * self.mean + (1 - self.MEMORY) * worth
        ended = (*codes, STOP)[: self.space.max_layers]
        for slot, code in enumerate(ended):
            gradient = -self._shares(ended[:slot])
            gradient[code] += 1
            self.logits[slot] += self.RATE * (worth - self.mean) * gradient

    def _shares(self, codes: Codes) -> np.ndarray:
        logits = np.where(self.space.mask(codes), self.logits[len(codes)], -np.inf)
        weights = np.exp(logits - logits.max())
        return weights / weights.sum()
