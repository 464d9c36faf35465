"""An agent that begins with a network which is known to be good, and then lets another one propose."""

from __future__ import annotations

from collections.abc import Sequence

from nas_core.agents.agent import Agent, Proposal, uniform_probabilities
from nas_core.evaluation.ledger import Entry
from nas_core.space.rules import Codes, Space


class BeginWith:
    """Proposes the network `first` before anything of `agent`: every other is held against it."""

    def __init__(self, first: Codes, agent: Agent, space: Space) -> None:
        self.first, self.agent, self.space = first, agent, space

    def propose(self, entries: Sequence[Entry], n: int, round_: int, pending: Sequence[Codes] = ()) -> list[Proposal]:
        """See :class:`nas_core.agents.agent.Agent`."""
        proposals = self.agent.propose(entries, n, round_, pending)
        if round_ > 0 or not self.first:
            return proposals
        first = Proposal(self.first, "default", uniform_probabilities(self.space, self.first))
        return [first, *(proposal for proposal in proposals if proposal.codes != self.first)][:n]
