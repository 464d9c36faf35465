"""Members of a bank in a compiled program, which takes their architectures as data.

One program is compiled for each of a handful of sizes (:mod:`nas_core.evaluation.compiled.program`), and trains as
many networks side by side as fill a GPU.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nas_core.evaluation.bank import Member, Trained
from nas_core.evaluation.compiled import packing
from nas_core.evaluation.compiled.form import Case, Ends, Form, Plan
from nas_core.evaluation.compiled.packing import Place
from nas_core.evaluation.compiled.program import Program, Training
from nas_core.evaluation.compiled.slots import Slot, slots_of
from nas_core.evaluation.frame import Frame, Rows
from nas_core.space.steps import Step
from nas_core.training.fit import WEIGHT_DECAY

RUNGS = (64, 128, 256)  # widths whose products are computed without padding
STEP, STEM_SHARE = 32, 0.75  # the stem has a rung of its own, a multiple of STEP, up to this share of the widest
LEAST_WIDTH = 128  # of a program: another one for narrow networks would take longer to compile than it saves
LEAST_DEPTH = 16  # slots; beyond, a power of two
EVALUATION_SIZE = 512  # rows evaluated at a time, at most
MAX_ORDER = 2**23  # rows of training steps that are laid out in advance


class CompiledEngine:
    """The programs for the networks of `frame`; each is compiled when it is first needed."""

    def __init__(self, frame: Frame) -> None:
        import tensorflow as tf

        self.frame = frame
        numbers, positions, codes, target = frame.rows
        self.rows = Rows(
            tf.constant(numbers, tf.float32),
            tf.constant(positions, tf.float32),
            tf.constant(codes, tf.int32),
            tf.constant(target),
        )
        self.programs: dict[Form, Program] = {}  # those that are compiled
        self.compiling = threading.Lock()

    def begin(self, members: Sequence[Member], steps: Sequence[Sequence[Step]]) -> CompiledGroup:
        """`members`, which compute these `steps`, before their training.

        The program is as wide and as deep as the largest of them needs.
        """
        frame = self.frame
        slots = [slots_of(own, frame.width) for own in steps]
        form = self._form(slots)
        program = self.programs.get(form) or Program(form, self._ends(), WEIGHT_DECAY)
        rngs = [np.random.default_rng(member.seed) for member in members]
        places = [packing.places(frame.bins, frame.tables, own) for own in slots]
        plan = packing.make_plan(form, slots)
        arrays = [
            packing.first_weights(form, program.ends, own, member.weights, rng)
            for own, member, rng in zip(places, members, rngs, strict=True)
        ]
        valid = packing.chunks_of([frame.valid[member.fold] for member in members], form.evaluation_size)
        case = Case(plan, [rng.integers(2**32) for rng in rngs], self.rows, valid)
        training = program.begin(case, packing.stacked(form, plan, arrays))
        rows = [frame.train[member.fold] for member in members]
        return CompiledGroup(self, form, program, training, plan, places, valid, rows, rngs)

    def _form(self, slots: Sequence[tuple[Slot, ...]]) -> Form:
        widest = max(max(slot.width, slot.units) for own in slots for slot in own)
        n_valid = max(map(len, self.frame.valid))
        return Form(
            n_members=len(slots),
            n_slots=max(LEAST_DEPTH, 1 << (max(map(len, slots)) - 1).bit_length()),
            widths=_rungs(widest, self.frame.width),
            batch_size=self.frame.batch_size,
            evaluation_size=math.ceil(n_valid / math.ceil(n_valid / EVALUATION_SIZE)),
        )

    def _ends(self) -> Ends:
        frame = self.frame
        loss = frame.head.loss(frame.target, frame.n_rows)

        def judge(truth: Any, logits: Any) -> tuple[Any, Any]:
            output = frame.head.output(frame.target, logits)
            return loss(truth, output), output

        return Ends(*packing.one_hot(frame.tables), frame.n_outputs, judge, frame.bins.shape)


@dataclass(frozen=True)
class CompiledGroup:
    """Members that are trained side by side: what they are as data, and where their training stands.

    `rows` are those that each learns from, `valid` (chunks, members, rows) those that judge it.
    """

    engine: CompiledEngine
    form: Form
    program: Program
    training: Training
    plan: Plan
    places: list[list[Place]]
    valid: np.ndarray
    rows: list[np.ndarray]
    rngs: list[np.random.Generator]

    def compile(self, n_epochs: int) -> None:
        """Have the program compiled that trains so many epochs at a time."""
        engine, n = self.engine, min(n_epochs, self._stride(n_epochs))
        with engine.compiling:  # several threads may want it
            if self.form not in engine.programs:
                n_steps = math.ceil(engine.frame.n_passes * max(map(len, self.rows)) / self.form.batch_size)
                order = np.full((n, n_steps, len(self.rows), self.form.batch_size), -1, np.int32)
                self.training.advance(order, np.zeros(n, np.float32), n_epochs=0)
                engine.programs[self.form] = self.program

    def advance(self, rates: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`nas_core.evaluation.bank.Group`."""
        losses, stride = [], self._stride(len(rates))
        for start in range(0, len(rates), stride):
            own = np.array(rates[start : start + stride], np.float32)
            losses.append(self.training.advance(np.stack([self._order() for _ in own]), own))
        train, valid = (np.concatenate(values) for values in zip(*losses, strict=True))
        return train, valid

    def _stride(self, n_epochs: int) -> int:
        """How many epochs are trained in one call: all of them, or one."""
        n_rows = n_epochs * self.engine.frame.n_passes * sum(map(len, self.rows))
        return max(1, n_epochs) if n_rows <= MAX_ORDER else 1

    def _order(self) -> np.ndarray:
        """The rows of the steps up to the next validation."""
        return packing.steps_of(self.rows, self.engine.frame.n_passes, self.form.batch_size, self.rngs)

    def go_back(self) -> None:
        """See :class:`nas_core.evaluation.bank.Group`."""
        self.training.go_back()

    def trained(self) -> list[Trained]:
        """See :class:`nas_core.evaluation.bank.Group`."""
        best, losses = self.training.best(), self.training.losses()
        trained = []
        for n, own in enumerate(self.places):
            weights = packing.named_weights(own, packing.of_member(n, self.form, self.plan, best))
            output = best.outputs[:, n][self.valid[:, n] >= 0]
            n_parameters = packing.n_parameters(own, weights)
            trained.append(Trained(weights, n_parameters, output, *(values[:, n] for values in losses)))
        return trained


def _rungs(widest: int, stem: int) -> tuple[int, ...]:
    """The widths of a program whose widest vector is `widest`; that of the `stem` is one where it is far from others.

    Gates and residual blocks behind the stem multiply by matrices as wide as it: on adult (159) a rung of 160 saves a
    third of their time.
    """
    top = next((rung for rung in RUNGS if rung >= max(widest, LEAST_WIDTH)), 64 * math.ceil(widest / 64))
    own = STEP * math.ceil(stem / STEP)
    rungs = {*(rung for rung in RUNGS if rung < top), top}
    return tuple(sorted(rungs | ({own} if LEAST_WIDTH < own <= STEM_SHARE * top else set())))
