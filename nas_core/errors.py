"""The two kinds of failure: what the user must mend, and what a search survives."""

from __future__ import annotations


class JobError(ValueError):
    """The user must act: the job, the data or the store is not as it has to be.

    Each problem names the field or file, the rule, and the value received. All problems that were found
    travel in one error, so that nobody has to start a run five times to learn of five mistakes.
    """

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class CandidateError(Exception):
    """One candidate failed (out of memory, NaN, a crash); the search records it and goes on."""
