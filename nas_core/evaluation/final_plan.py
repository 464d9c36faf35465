"""What the final trainings are, so that their time is enough: how many folds, which networks of several members.

What a training takes is known from the search, which measured it on this machine with these data.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from nas_core.data.folds import N_FOLDS, count_folds
from nas_core.data.prepared import Prepared
from nas_core.evaluation.evaluation import Evaluation
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.build import shape_behind
from nas_core.space.layer import Shape
from nas_core.training.feed import n_bytes
from nas_core.training.model import ends

FINAL_ROWS = 400_000  # learned from in all epochs together, after which a finalist seldom improves
FINAL_EPOCHS = (15, 60)  # so many at least, and at most
COUNTS = (8, 4)
MEMBERS = {count: Choice.of("members", count=count) for count in COUNTS}  # before a candidate: several in one network
MAX_JOINED = 3  # such networks, each on a core of its own
MEMBERS_SHARE = 0.75  # of the time, where no core is left for networks without members
MEMBER_COST = 0.8  # of what a network by itself costs
FOLDED_TIMES = 2  # as long as needed are members of several folds to have, or those of one fold are better
FOLDED_ROWS = 10_000  # with more, several members are worth more than several folds
MAX_FOLDED_BYTES = 2**28  # of the rows, which each fold holds once more


@dataclass(frozen=True)
class FinalPlan:
    """The number of folds, and the networks of several members, the best first."""

    n_folds: int
    joined: tuple[Architecture, ...]


def plan_finals(data: Prepared, wanted: int, candidates: Sequence[Evaluation], seconds: float) -> FinalPlan:
    """What `seconds` are enough for.

    The mean of five networks, each of which learns from four fifths of the rows, is better than one that learns from
    all, and so are members of one network (with fewer folds each learns from too little). Both is best; where only one
    can be had, folds are where rows are few.

    Args:
        data: of the run.
        wanted: the job's number of folds, 0 for none.
        candidates: the finalists, the best first.
        seconds: for all final trainings.
    """
    n_folds, shape, n_rows = count_folds(data, wanted), ends(data.transforms).shape, data.schema["n_rows"]["train"]
    may_fold = n_folds == 1 and not wanted and len(shape) == 1 and n_bytes(data.split("train")) <= MAX_FOLDED_BYTES
    more = N_FOLDS - 1 if may_fold and count_folds(data, N_FOLDS) > 1 else math.inf  # times the rows of one training
    is_small = n_rows <= FOLDED_ROWS

    def joined(some: Sequence[Evaluation], seconds: float, counts: Sequence[int]) -> tuple[Architecture, ...]:
        return _joined(some, MEMBERS_SHARE * seconds, counts, shape, n_rows)

    if in_folds := joined(candidates[:2], seconds / (FOLDED_TIMES * more), COUNTS[:1] if is_small else COUNTS):
        return FinalPlan(N_FOLDS, in_folds)
    if is_small and final_seconds(candidates[0], n_rows) * more <= seconds:
        return FinalPlan(N_FOLDS, ())
    return FinalPlan(n_folds, joined(candidates, seconds, COUNTS))


def _joined(
    candidates: Sequence[Evaluation], seconds: float, counts: Sequence[int], shape: Shape, n_rows: int
) -> tuple[Architecture, ...]:
    """As many members of as many of `candidates` as there is time and a core for.

    Rather many members of the second than few of the best: what a network by itself is best at, members are not.
    """
    found: dict[Architecture, Architecture] = {}
    for count in counts:
        for candidate in candidates:
            joined = Architecture((MEMBERS[count], *candidate.architecture))
            cost = MEMBER_COST * count * final_seconds(candidate, n_rows)
            if cost <= seconds and shape_behind(joined, shape):
                found.setdefault(candidate.architecture, joined)
    return tuple(found.values())[: min(count_cores(), MAX_JOINED)]


def final_seconds(candidate: Evaluation, n_rows: int) -> float:
    """How long `candidate` is to be trained on all `n_rows`, as often as in the search (once a fold)."""
    least, most = FINAL_EPOCHS
    epochs = min(most, max(least, FINAL_ROWS / n_rows))
    return epochs * candidate.seconds.get("train", math.inf) / (candidate.epochs * candidate.share)


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))
