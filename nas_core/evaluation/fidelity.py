"""How long a candidate is trained, and on how many rows, so that the budget is enough for many of them.

Short trainings on a part of the rows tell good networks from bad ones nearly as well as long ones on all (Li et al.,
"Hyperband", JMLR 2018); the few best are then trained in full. All candidates of a search have the same fidelity, so
that they can be compared. Of pictures that is a low one, and the best are then compared with each other at a higher one
(successive halving, Jamieson & Talwalkar, AISTATS 2016).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from nas_core.space.layer import Shape
from nas_core.space.rules import Codes, Space
from nas_core.training.fit import default_batch_size

EPOCHS = 6
LEAST_STEPS = 300  # of training; with fewer, networks differ by how fast they begin
FLOPS_PER_SECOND = 100e9  # of a core that trains a network
LEAST_CANDIDATES = 10  # of pictures, before they are trained any longer
LEAST_SIDE = 64  # pixels; larger pictures are halved for candidates: what is left still shows what they are
CANDIDATE_SHARE = 1 / 30  # of the budget, that a candidate of pictures may take: operations do not tell all of it
PROMOTION = 4  # times as many rows, or epochs, for the best
LEAST_LONGER = 2  # times as long must the best be trained, or it tells nothing new
LEAST_PROMOTED = 2  # for whom there is time: the best, and what it is held against
PASSES = 3  # over it in a step of training: the way back costs twice the way there
CONVOLVED = 0.5  # of these operations a network of pictures reaches so much, with the changing of the pictures
PROPOSING_SECONDS = 1.5  # of a core, for a round of whatever size
PROPOSING_SHARE = 0.2  # of a candidate's training that thinking about it may take
LEAST_FINAL_EPOCHS = 18  # before which a network of pictures has not shown what it can
ROUND_SIZES = (4, 8)  # small rounds learn from few trainings, large ones cost little a candidate


@dataclass(frozen=True)
class Pace:
    """What a core can do: `rows` that it learns from in a second, `candidates` that it should have time for, whatever
    the size of the data; with fewer than `least_rows`, what is good on a part of the rows need not be good on all.
    `promoted_share` of the search is better spent on the best candidates than on further ones. A candidate has
    `epochs`, or as many as make `least_steps`.
    """

    rows: float
    candidates: int
    least_rows: int
    of_pictures: bool = False
    promoted_share: float = 0.0
    epochs: int = EPOCHS
    least_steps: int = LEAST_STEPS


OF_TABLES = Pace(300_000, 60, 20_000)


def pace_of(space: Space, first: Codes) -> Pace:
    """The pace of candidates of `space`, in which `first` is a common network."""
    if len(space.ends.shape) == 1:
        return OF_TABLES
    flops = max(1, space.cost(first).flops) / shrink_of(space.ends.shape) ** 2
    rows = CONVOLVED * FLOPS_PER_SECOND / (PASSES * flops)
    return Pace(rows, 40, 1_000, of_pictures=True, promoted_share=0.3, epochs=4, least_steps=120)


def shrink_of(shape: Shape) -> int:
    """What the sides of pictures of `shape` are divided by while candidates are tried on them."""
    return 2 if len(shape) == 3 and min(shape[:2]) >= LEAST_SIDE else 1


def default_epochs(n_rows: int, batch_size: int, pace: Pace = OF_TABLES) -> int:
    """How long a candidate is trained on `n_rows` when the job does not say."""
    n_steps = math.ceil(n_rows / (batch_size or default_batch_size(n_rows, pace.of_pictures)))
    return max(pace.epochs, math.ceil(pace.least_steps / n_steps))


def affordable_epochs(n_rows: int, seconds: float, pace: Pace) -> int:
    """So many that `seconds` of a core are enough for some candidates, of `n_rows` in all their folds together."""
    return max(pace.epochs, int(seconds * pace.rows / (LEAST_CANDIDATES * max(1, n_rows))))


def default_share(n_rows: int, epochs: int, seconds: float, pace: Pace = OF_TABLES) -> float:
    """The share of `n_rows` that candidates learn from in a search of `seconds`: 1, or less where rows are many."""
    affordable = seconds * pace.rows / (pace.candidates * (epochs or pace.epochs))
    return min(1.0, max(pace.least_rows, affordable) / n_rows)


def default_round(n_rows: int, epochs: int, flops: int) -> int:
    """How many candidates, of `flops` a row, are proposed at a time: the more the less it takes to train them."""
    seconds = PASSES * flops * n_rows * epochs / FLOPS_PER_SECOND
    wanted = PROPOSING_SECONDS / (PROPOSING_SHARE * seconds)
    return math.ceil(min(max(wanted, ROUND_SIZES[0]), ROUND_SIZES[1]))


def affordable_flops(n_rows: int, seconds: float) -> float:
    """Operations a row of a network of pictures that `seconds` of a core are enough for, to train it on `n_rows`."""
    return seconds * CONVOLVED * FLOPS_PER_SECOND / (PASSES * max(1, n_rows) * LEAST_FINAL_EPOCHS)
