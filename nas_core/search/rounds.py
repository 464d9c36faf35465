"""What was proposed in each round of a search: on disk before it is played, so that a successor plays the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nas_core.agents.agent import Proposal
from nas_core.runs.records import append_line, mend_lines, read_lines


class Rounds:
    """The proposals on disk at `path`, a line a round."""

    def __init__(self, path: Path) -> None:
        mend_lines(path)
        self.path = path
        self._proposals = {line["round"]: [_from_json(each) for each in line["proposals"]] for line in read_lines(path)}

    def get(self, round_: int) -> list[Proposal] | None:
        """What was proposed in `round_`, None when it was not begun."""
        return self._proposals.get(round_)

    def add(self, round_: int, proposals: Sequence[Proposal]) -> None:
        """Bring the proposals of `round_` to the disk."""
        append_line(self.path, {"round": round_, "proposals": [_to_json(proposal) for proposal in proposals]})


def _to_json(proposal: Proposal) -> dict[str, object]:
    probabilities = proposal.probabilities.round(4).tolist()
    return {"codes": list(proposal.codes), "agent": proposal.agent, "probabilities": probabilities}


def _from_json(proposal: dict[str, object]) -> Proposal:
    codes, probabilities = proposal["codes"], np.asarray(proposal["probabilities"])
    return Proposal(tuple(codes), str(proposal["agent"]), probabilities)  # type: ignore[arg-type]
