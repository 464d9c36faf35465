"""Members of a bank trained one after the other by plain operations on arrays of their size.

No network is compiled, and widths are only rounded up to whole registers of the core. There that is faster than one
program for all: a small network is a few dozen kernels a step, each dispatched within a microsecond or two (see
docs/decisions/0009).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from nas_core.evaluation.bank import Member, Trained
from nas_core.evaluation.direct.network import Network
from nas_core.evaluation.direct.stem import Batch, Inputs
from nas_core.evaluation.frame import Frame
from nas_core.space.steps import Step
from nas_core.training.feed import STEPS

KEPT_BYTES = 24 * 2**20  # less than glibc's DEFAULT_MMAP_THRESHOLD_MAX


class Training:
    """One member on its way; the best epoch so far is kept."""

    @torch.inference_mode()
    def __init__(self, inputs: Inputs, member: Member, steps: Sequence[Step]) -> None:
        frame = self._frame = inputs.frame
        self._rng = np.random.default_rng(member.seed)
        self._all, self._network = inputs.rows, Network(inputs, steps, member.weights, self._rng)
        self._rows = np.tile(frame.train[member.fold], frame.n_passes)
        self._judges = inputs.rows.take(torch.from_numpy(frame.valid[member.fold]))
        self._losses: list[tuple[float, float]] = []
        self._lowest, self._best = np.inf, self._network.weights.copy()
        self._logits = torch.full((len(self._judges.truth), frame.n_outputs), np.nan)

    @torch.inference_mode()
    def advance(self, rate: float) -> tuple[float, float]:
        """Train up to the next validation; the losses in training and validation."""
        network, order = self._network, torch.from_numpy(self._rng.permutation(self._rows))
        with np.errstate(over="ignore", invalid="ignore"):  # a network that diverges is seen by its loss
            said = torch.cat([network.learn(batch, rate) for batch in self._batches(order)])
            logits = network.say(self._judges)
        loss = network.loss(self._all.truth.index_select(0, order), said)
        valid_loss = network.loss(self._judges.truth, logits)
        self._losses.append((loss, valid_loss))
        if valid_loss < self._lowest:
            self._lowest, self._best, self._logits = valid_loss, self._network.weights.copy(), logits
        return loss, valid_loss

    def _batches(self, order: torch.Tensor) -> Iterator[Batch]:
        """Rows in this order, gathered for many steps at a time: for each step that would take longer."""
        size = self._frame.batch_size
        for part in torch.split(order, STEPS * size):
            yield from self._all.take(part).split(size)

    @torch.inference_mode()
    def go_back(self) -> None:
        """Go on from the best epoch; the moments of the optimizer stay."""
        self._network.weights.restore(self._best)

    @torch.inference_mode()
    def trained(self) -> Trained:
        """The member at its best epoch, to which it goes back."""
        self.go_back()
        output = self._frame.head.answers(self._frame.target, self._logits.numpy())
        losses, valid_losses = np.array(self._losses, np.float32).T
        return Trained(self._network.named(), self._network.n_parameters, output, losses, valid_losses)


@contextmanager
def tiny_is_zero() -> Iterator[None]:
    """Within, this thread takes denormal numbers for zero: moments of what learns no more would stay just above it, and
    calculating with those is slow.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


class DirectEngine:
    """What trains the networks of `frame` on one core."""

    def __init__(self, frame: Frame) -> None:
        torch.set_num_threads(1)  # to share a small kernel out takes longer than to compute it
        threadpool_limits(limits=1, user_api="blas")  # as long as the process lives
        # An array freed that was mapped has the allocator keep others of its size and less (M_MMAP_THRESHOLD in
        # mallopt(3)); else the largest of each step are given back to the system and taken anew.
        np.empty(KEPT_BYTES, np.uint8)
        self.inputs = Inputs(frame)

    def begin(self, members: Sequence[Member], steps: Sequence[Sequence[Step]]) -> DirectGroup:
        """`members`, which compute these `steps`, before their training."""
        return DirectGroup([Training(self.inputs, *each) for each in zip(members, steps, strict=True)])


class DirectGroup:
    """Members that are trained together, epoch by epoch."""

    def __init__(self, trainings: Sequence[Training]) -> None:
        self._trainings = trainings

    def compile(self, n_epochs: int) -> None:
        """There is nothing to compile."""

    def advance(self, rates: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`nas_core.evaluation.bank.Group`."""
        with tiny_is_zero():
            losses = [[training.advance(rate) for rate in rates] for training in self._trainings]
        train, valid = np.array(losses, np.float32).transpose(2, 1, 0)
        return train, valid

    def go_back(self) -> None:
        """See :class:`nas_core.evaluation.bank.Group`."""
        for training in self._trainings:
            training.go_back()

    def trained(self) -> list[Trained]:
        """See :class:`nas_core.evaluation.bank.Group`."""
        return [training.trained() for training in self._trainings]
