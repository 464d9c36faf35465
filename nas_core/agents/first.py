"""An agent that begins with networks which are known to be good, and then lets another one propose."""

from __future__ import annotations

from collections.abc import Sequence

from nas_core.agents.agent import Agent, Proposal, uniform_probabilities
from nas_core.evaluation.ledger import FIRST, Entry
from nas_core.space.rules import Codes, Space


class BeginWith:
    """Proposes the networks `firsts` before anything of `agent`: every other is held against them."""

    def __init__(self, firsts: Sequence[Codes], agent: Agent, space: Space) -> None:
        self.firsts, self.agent, self.space = [codes for codes in firsts if codes], agent, space

    def propose(self, entries: Sequence[Entry], n: int, round_: int, pending: Sequence[Codes] = ()) -> list[Proposal]:
        """See :class:`nas_core.agents.agent.Agent`."""
        proposals = self.agent.propose(entries, n, round_, pending)
        if round_ > 0:
            return proposals
        firsts = [Proposal(codes, FIRST, uniform_probabilities(self.space, codes)) for codes in self.firsts]
        return [*firsts, *(proposal for proposal in proposals if proposal.codes not in self.firsts)][:n]
