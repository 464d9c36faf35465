"""How long a candidate is trained, and on how many rows, so that the budget is enough for many of them.

Short trainings on a part of the rows tell good networks from bad ones nearly as well as long ones on all (Li et al.,
"Hyperband", JMLR 2018); the few best are then trained in full. All candidates of a search have the same fidelity, so
that they can be compared.
"""

from __future__ import annotations

import math

from nas_core.training.fit import default_batch_size

EPOCHS = 6
LEAST_STEPS = 300  # of training; with fewer, networks differ by how fast they begin
CANDIDATES = 60  # that a core should have time for, whatever the size of the data
ROWS_PER_SECOND = 300_000  # that a core learns from with a common network of tables
FLOPS_PER_SECOND = 100e9  # of a core that trains a network of tables
PROPOSING_SECONDS = 1.5  # of a core, for a round of whatever size
PROPOSING_SHARE = 0.2  # of a candidate's training that thinking about it may take
ROUND_SIZES = (4, 8)  # small rounds learn from few trainings, large ones cost little a candidate
LEAST_ROWS = 20_000  # with fewer, what is good on a part of the rows need not be good on all


def default_epochs(n_rows: int, batch_size: int) -> int:
    """How long a candidate is trained on `n_rows` when the job does not say."""
    return max(EPOCHS, math.ceil(LEAST_STEPS / math.ceil(n_rows / (batch_size or default_batch_size(n_rows)))))


def default_share(n_rows: int, epochs: int, seconds: float) -> float:
    """The share of `n_rows` that candidates learn from in a search of `seconds`: 1, or less where rows are many."""
    affordable = seconds * ROWS_PER_SECOND / (CANDIDATES * (epochs or EPOCHS))
    return min(1.0, max(LEAST_ROWS, affordable) / n_rows)


def default_round(n_rows: int, epochs: int, flops: int) -> int:
    """How many candidates, of `flops` a row, are proposed at a time: the more the less it takes to train them."""
    seconds = 3 * flops * n_rows * epochs / FLOPS_PER_SECOND  # the way back costs twice the way there
    wanted = PROPOSING_SECONDS / (PROPOSING_SHARE * seconds)
    return math.ceil(min(max(wanted, ROUND_SIZES[0]), ROUND_SIZES[1]))
