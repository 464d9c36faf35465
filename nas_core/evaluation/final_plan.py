"""What the final trainings are, so that their time is enough: how many folds, and which networks.

What a training takes is known from the search, which measured it on this machine with these data.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from nas_core.data.folds import N_FOLDS, count_folds
from nas_core.data.prepared import Prepared
from nas_core.evaluation.evaluation import Evaluation
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.build import shape_behind
from nas_core.space.layer import Shape
from nas_core.space.rules import Space
from nas_core.space.wider import widened
from nas_core.training.feed import n_bytes
from nas_core.training.model import ends

FINAL_ROWS = 400_000  # learned from in all epochs together, after which a finalist seldom improves
FINAL_EPOCHS = (15, 60)  # so many at least, and at most
COUNTS = (8, 4)
MEMBERS = {count: Choice.of("members", count=count) for count in COUNTS}  # before a candidate: several in one network
MAX_JOINED = 3  # such networks, each on a core of its own
MAX_ALONE = 8  # networks without members
RACERS = 8  # networks of several members at most among which a race decides
FEW_RACERS = 3  # the best, and those that the search began with: all there are where folds would take too long
RACERS_SHARE = 0.25  # of the candidates: from the best of them the racers are taken
RACE_SHARE = 0.25  # of the time, to find out which of them are worth the rest
ALIKE = 0.5  # share of layers in the same order, beyond which two networks are much the same
MEMBERS_SHARE = 0.9  # of the time, where rows are few and no core is left for networks without members
MEMBER_COST = 2.1  # of what a network by itself costs in the bank, which cannot hold members
FOLDED_TIMES = 2  # as long as needed are members of several folds to have: less is worse than one fold, more is little
FOLDED_ROWS = 10_000  # with more, several members are worth more than several folds
MAX_FOLDED_BYTES = 2**28  # of the rows, which each fold holds once more


@dataclass(frozen=True)
class FinalPlan:
    """The number of folds; the networks by themselves (`alone`), those of several members (`joined`), the best first.

    Of those of several members as many are trained as there are cores (`count_joined`); of more, a race decides which.
    They have the `share` of the time, if no core is left for the others; with all of it, more of them are trained
    while there is time, and the others are for need only.
    `origins` tells of those that are wider than a candidate which one they come from.
    """

    n_folds: int
    alone: tuple[Architecture, ...]
    joined: tuple[Architecture, ...] = ()
    share: float = MEMBERS_SHARE
    origins: dict[Architecture, Architecture] = field(default_factory=dict, compare=False)

    def candidate(self, architecture: Architecture) -> str:
        """The fingerprint of the candidate that `architecture` comes from, or is."""
        own = Architecture(architecture.choices[1:]) if architecture in self.joined else architecture
        return self.origins.get(own, own).fingerprint


def plan_finals(
    data: Prepared,
    space: Space,
    wanted: tuple[int, int],
    candidates: Sequence[Evaluation],
    seconds: float,
    rate: float,
) -> FinalPlan:
    """What `seconds` are enough for.

    The mean of five networks, each of which learns from four fifths of the rows, is better than one that learns from
    all, and so are members of one network (with fewer folds each learns from too little). Both is best; where only one
    can be had, folds are where rows are few.

    Short trainings favour narrow networks, the mean of several that are trained in full a wide one. So with folds the
    two best are made wider as well (what is found among small networks is scaled up: Zoph et al., "Learning
    transferable architectures for scalable image recognition", CVPR 2018).

    Args:
        data: of the run.
        space: of the search.
        wanted: the job's number of folds and of finalists, 0 where it has none.
        candidates: all of the search, the best first.
        seconds: for all final trainings.
        rate: the best that the search reached (:func:`best_rate`).
    """
    n_wanted, n_finalists = wanted
    n_folds, shape, n_rows = count_folds(data, n_wanted), ends(data.transforms).shape, data.schema["n_rows"]["train"]
    may_fold = n_folds == 1 and not n_wanted and len(shape) == 1 and n_bytes(data.split("train")) <= MAX_FOLDED_BYTES
    more = N_FOLDS - 1 if may_fold and count_folds(data, N_FOLDS) > 1 else math.inf  # times the rows of one training
    is_small, finalists = n_rows <= FOLDED_ROWS, candidates[: n_finalists or MAX_ALONE]
    best, known, widens = finalists[:2], [each.architecture for each in finalists], len(shape) == 1 and rate > 0
    wide = {each.architecture: wider for each in best if widens and (wider := _wider(each, rate, space))}
    origins = {wider.architecture: own for own, wider in wide.items() if wider.architecture not in known}
    share = MEMBERS_SHARE if is_small else 1.0

    def plan(n_folds: int, seconds: float, joined: Sequence[Architecture] = ()) -> FinalPlan:
        first = [each.architecture for each in wide.values() if n_folds > 1 and final_seconds(each, n_rows) <= seconds]
        return FinalPlan(n_folds, tuple(dict.fromkeys([*first, *known])), tuple(joined), share, origins)

    def joined(some: Sequence[Evaluation], seconds: float, counts: Sequence[int]) -> list[Architecture]:
        return _joined(some, share * seconds, counts, shape, n_rows)

    counts = COUNTS[:1] if is_small else COUNTS
    if joined([*best, *wide.values(), *finalists], seconds / (FOLDED_TIMES * more), counts):
        racers = [*finalists[:FEW_RACERS], *wide.values(), *(finalists if n_finalists else _unlike(candidates))]
        return plan(N_FOLDS, 0, joined(racers, (1 - RACE_SHARE) * seconds / more, counts)[:RACERS])
    if is_small and final_seconds(candidates[0], n_rows) * more <= seconds:
        return plan(N_FOLDS, seconds / more)
    few = joined(finalists[:FEW_RACERS], (1 - RACE_SHARE) * seconds, COUNTS[:1])
    if len(few) <= count_joined():
        few = joined(finalists, seconds, COUNTS)[: count_joined()]
    return plan(n_folds, seconds, few)


def _unlike(candidates: Sequence[Evaluation]) -> list[Evaluation]:
    """The best of `candidates` but for those that are much the same as a better one.

    Towards its end a search tries what is next to the best of its short trainings; with members, in full, something
    else may be the best.
    """
    found = list[Evaluation]()
    for each in candidates[: max(MAX_ALONE, math.ceil(RACERS_SHARE * len(candidates)))]:
        pairs = (SequenceMatcher(None, [*known.architecture], [*each.architecture]) for known in found)
        if all(pair.ratio() <= ALIKE for pair in pairs):
            found.append(each)
    return found


def best_rate(measured: Iterable[Evaluation]) -> float:
    """Operations of a row by seconds of training, at best; all that is `measured` saw equally many rows."""
    return max((each.flops / each.seconds["train"] for each in measured if each.seconds.get("train")), default=0.0)


def _wider(candidate: Evaluation, rate: float, space: Space) -> Evaluation | None:
    """`candidate` as if it had been as wide as `space` allows; None where that is no other network.

    What its training would have taken follows from its operations, at the best rate of the search.
    """
    if (wider := widened(candidate.architecture, space)) is None:
        return None
    flops = space.cost_of(wider).flops
    return replace(candidate, architecture=wider, flops=flops, seconds={"train": flops / rate})


def _joined(
    candidates: Sequence[Evaluation], seconds: float, counts: Sequence[int], shape: Shape, n_rows: int
) -> list[Architecture]:
    """As many members of as many of `candidates` as there is time for.

    Rather many members of the second than few of the best: what a network by itself is best at, members are not.
    """
    found: dict[Architecture, Architecture] = {}
    for count in counts:
        for candidate in candidates:
            joined = Architecture((MEMBERS[count], *candidate.architecture))
            cost = MEMBER_COST * count * final_seconds(candidate, n_rows)
            if cost <= seconds and shape_behind(joined, shape):
                found.setdefault(candidate.architecture, joined)
    return list(found.values())


def final_seconds(candidate: Evaluation, n_rows: int) -> float:
    """How long `candidate` is to be trained on all `n_rows`, as often as in the search (once a fold)."""
    return final_epochs(n_rows) * candidate.seconds.get("train", math.inf) / (candidate.epochs * candidate.share)


def final_epochs(n_rows: int) -> float:
    """The epochs that a finalist needs when it learns from `n_rows`."""
    least, most = FINAL_EPOCHS
    return min(most, max(least, FINAL_ROWS / n_rows))


def count_joined() -> int:
    """How many networks of several members are trained in full."""
    return min(count_cores(), MAX_JOINED)


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))
