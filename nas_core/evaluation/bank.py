"""Networks trained without Keras building them: a compiled program takes their architectures as data.

What Keras spends on a small network is mostly tracing and the dispatch of small steps. A bank compiles one training
(:mod:`nas_core.evaluation.program`) for each of a handful of sizes, and trains every network of slots with it, by the
recipe of :func:`nas_core.training.fit.fit`. It leaves the weights that the Keras model of the network would have.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nas_core.data.folds import Fold
from nas_core.data.prepared import Prepared, Split
from nas_core.evaluation import packing
from nas_core.evaluation.form import Case, Ends, Form, Rows
from nas_core.evaluation.form import Plan as Architectures
from nas_core.evaluation.packing import Place
from nas_core.evaluation.program import Program, Training
from nas_core.space.architecture import Architecture
from nas_core.space.slots import Slot, slots_of
from nas_core.tasks.registry import load_part
from nas_core.training import fit
from nas_core.training.feed import COPIED_BYTES, n_bytes
from nas_core.training.model import ends
from nas_core.training.pace import Epoch, Pace, Plan, step_size

RUNGS = (64, 128, 256)  # widths whose products are computed without padding
STEP, STEM_SHARE = 32, 0.75  # the stem has a rung of its own, a multiple of STEP, up to this share of the widest
LEAST_WIDTH = 128  # of a program: another one for narrow networks would take longer to compile than it saves
DEPTHS = (16, 32, 64)  # slots
EVALUATION_SIZE = 512  # rows evaluated at a time, at most
MAX_TABLES = 2**18  # entries of the stem's matrix; beyond, one-hot vectors cost more than Keras does
MAX_ORDER = 2**23  # rows of training steps that are laid out in advance


@dataclass(frozen=True)
class Member:
    """A training: of `architecture` on a fold, beginning with `weights` (arrays by name) as far as they fit.

    `seed` decides the first weights, the order of the rows and what dropout leaves out.
    """

    architecture: Architecture
    fold: int
    seed: tuple[int, ...]
    weights: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """The best epoch of a member: its `weights` by name (see :func:`nas_core.training.model.save_weights`), how many of
    them are learned, its `output` on the rows that judge; and the losses up to every validation. Where no validation
    loss is finite, the training diverged.
    """

    weights: dict[str, np.ndarray]
    n_parameters: int
    output: np.ndarray
    losses: np.ndarray
    valid_losses: np.ndarray

    @property
    def is_diverged(self) -> bool:
        """Whether there is no best epoch."""
        return not np.isfinite(self.valid_losses).any()


@dataclass(frozen=True)
class Group:
    """Members that are trained side by side: what they are as data, and where their training stands.

    `rows` are those that each learns from, `valid` (chunks, members, rows) those that judge it.
    """

    form: Form
    program: Program
    training: Training
    plan: Architectures
    places: list[list[Place]]
    valid: np.ndarray
    rows: list[np.ndarray]
    rngs: list[np.random.Generator]

    def trained(self) -> list[Trained]:
        """The members at their best epochs."""
        best, losses = self.training.best(), self.training.losses()
        trained = []
        for n, own in enumerate(self.places):
            weights = packing.named_weights(own, packing.of_member(n, self.form, self.plan, best))
            output = best.outputs[:, n][self.valid[:, n] >= 0]
            n_parameters = packing.n_parameters(own, weights)
            trained.append(Trained(weights, n_parameters, output, *(values[:, n] for values in losses)))
        return trained


class Bank:
    """Trains networks on the folds of `data` by `plan`. A program is compiled when it is first needed."""

    def __init__(self, data: Prepared, folds: Sequence[Fold], plan: Plan) -> None:
        self.plan, self._transforms = plan, data.transforms
        task = data.schema["task"]
        self._stem, self._head = load_part(task, "input", "stem"), load_part(task, "target", "head")
        self._ends = ends(data.transforms)
        self._tables: list[packing.Table] = []
        self._bins = packing.Bins("", (0, 0, 0))
        if hasattr(self._stem, "tables"):
            self._tables = self._stem.tables(data.transforms["input"])
            self._bins = packing.Bins(*self._stem.bins(data.transforms["input"]))
        # Of several folds each learns from the rows that judge in the others; one has rows of its own.
        learned = [folds[0].train] if len(folds) == 1 else []
        parts = [*learned, *(fold.valid for fold in folds)]
        number = np.repeat(np.arange(len(parts)) - len(learned), [len(part) for part in parts])
        self._train = [np.flatnonzero(number != fold) for fold in range(len(folds))]
        self._valid = [np.flatnonzero(number == fold) for fold in range(len(folds))]
        self._is_open = self._fits(parts)
        self._rows = self._read(parts) if self._is_open else Rows(None, None, None, None)
        self._programs: dict[Form, Program] = {}
        self._compiling = threading.Lock()

    def holds(self, architecture: Architecture) -> bool:
        """Whether `architecture` can be trained here, on these data."""
        slots = slots_of(architecture, self._ends.shape) if self._is_open else None
        return slots is not None and len(slots) <= DEPTHS[-1]

    def _fits(self, parts: Sequence[Split]) -> bool:
        """Whether stem, head and the size of the data are such that a bank can train networks between them."""
        if not hasattr(self._stem, "tables") or not hasattr(self._head, "output") or len(self._ends.shape) != 1:
            return False
        entries = sum(n for _, n, _ in self._tables) * sum(width for *_, width in self._tables)
        return entries <= MAX_TABLES and sum(map(n_bytes, parts)) <= COPIED_BYTES

    def _read(self, parts: Sequence[Split]) -> Rows:
        import tensorflow as tf

        read = [self._stem.fixed(self._transforms["input"], part.inputs) for part in parts]
        numbers, positions, codes = (np.concatenate(arrays) for arrays in zip(*read, strict=True))
        target = np.concatenate([part.target for part in parts])
        numbers, positions = (tf.constant(values, tf.float32) for values in (numbers, positions))
        return Rows(numbers, positions, tf.constant(codes, tf.int32), tf.constant(target))

    def train(self, members: Sequence[Member], lap: Callable[[str], None] | None = None) -> list[Trained]:
        """Train `members` side by side; each comes out as if it were alone, up to rounding.

        The program is as wide and as deep as the largest of them needs. `lap` is told when the parts ``build``,
        ``compile`` and ``train`` end.
        """
        lap = lap or (lambda _: None)
        group = self._group(members)
        lap("build")
        for order, rates in self._epochs(group):
            self._compile(group, order, rates)
            lap("compile")
            group.training.advance(order, rates)
        trained = group.trained()
        lap("train")
        return trained

    def train_at_pace(self, members: Sequence[Member], seconds: float) -> tuple[list[Trained], list[Epoch]]:
        """Train `members` as a fit of `seconds` would; the pace is that of their mean loss, and so is the history."""
        pace, group = Pace(replace(self.plan, seconds=seconds), self._n_passes), self._group(members)
        while not pace.history or not pace.is_over:
            order, rates = self._order(group)[None], np.array([pace.step], np.float32)
            self._compile(group, order, rates)
            loss, valid_loss = group.training.advance(order, rates)
            if not np.isfinite(loss).all():
                break
            if not pace.record(float(loss.mean()), float(valid_loss.mean())) and pace.goes_back():
                group.training.go_back()
        return group.trained(), pace.history

    def _group(self, members: Sequence[Member]) -> Group:
        slots = [slots_of(member.architecture, self._ends.shape) or () for member in members]
        form = self._form(slots)
        program = self._programs.get(form) or Program(form, self._program_ends(), fit.WEIGHT_DECAY)
        rngs = [np.random.default_rng(member.seed) for member in members]
        places, plan = [packing.places(self._bins, self._tables, own) for own in slots], packing.make_plan(form, slots)
        arrays = [
            packing.first_weights(form, program.ends, own, member.weights, rng)
            for own, member, rng in zip(places, members, rngs, strict=True)
        ]
        valid = packing.chunks_of([self._valid[member.fold] for member in members], form.evaluation_size)
        case = Case(plan, [rng.integers(2**32) for rng in rngs], self._rows, valid)
        training = program.begin(case, packing.stacked(form, plan, arrays))
        return Group(form, program, training, plan, places, valid, [self._train[m.fold] for m in members], rngs)

    def _compile(self, group: Group, order: np.ndarray, rates: np.ndarray) -> None:
        """Have the group's program compiled, if it is not; several threads may want it."""
        with self._compiling:
            if group.form not in self._programs:
                group.training.advance(order, rates, n_epochs=0)
                self._programs[group.form] = group.program

    def _form(self, slots: Sequence[tuple[Slot, ...]]) -> Form:
        widest = max(max(slot.width, slot.units) for own in slots for slot in own)
        n_valid = max(map(len, self._valid))
        return Form(
            n_members=len(slots),
            n_slots=next(n for n in DEPTHS if n >= max(map(len, slots))),
            widths=_rungs(widest, self._ends.shape[0]),
            batch_size=self._batch_size,
            evaluation_size=math.ceil(n_valid / math.ceil(n_valid / EVALUATION_SIZE)),
        )

    @property
    def _n_rows(self) -> int:
        return max(map(len, self._train))

    @property
    def _batch_size(self) -> int:
        return self.plan.batch_size or fit.default_batch_size(self._n_rows)

    def _program_ends(self) -> Ends:
        spec = self._transforms["target"]
        loss = self._head.loss(spec, self._n_rows)

        def judge(truth: Any, logits: Any) -> tuple[Any, Any]:
            output = self._head.output(spec, logits)
            return loss(truth, output), output

        return Ends(*packing.one_hot(self._tables), self._ends.output[0], judge, self._bins.shape)

    @property
    def _n_passes(self) -> int:
        return fit.count_passes(self.plan, self._n_rows)

    def _order(self, group: Group) -> np.ndarray:
        """The rows of the steps up to the next validation."""
        return packing.steps_of(group.rows, self._n_passes, self._batch_size, group.rngs)

    def _epochs(self, group: Group) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows of the steps and step sizes of as many epochs as are trained in one call: all of them, or one.

        What is called an epoch here lies between two validations, as in ``fit``.
        """
        n_passes = self._n_passes
        n_epochs = math.ceil(self.plan.epochs / n_passes)
        rates = [step_size(self.plan, 1 - epoch * n_passes / self.plan.epochs) for epoch in range(n_epochs)]
        stride = n_epochs if self.plan.epochs * sum(map(len, group.rows)) <= MAX_ORDER else 1
        for epoch in range(0, n_epochs, stride):
            order = np.stack([self._order(group) for _ in range(stride)])
            yield order, np.array(rates[epoch : epoch + stride], np.float32)


def _rungs(widest: int, stem: int) -> tuple[int, ...]:
    """The widths of a program whose widest vector is `widest`; that of the `stem` is one where it is far from others.

    Gates and residual blocks behind the stem multiply by matrices as wide as it: on adult (159) a rung of 160 saves a
    third of their time.
    """
    top = next((rung for rung in RUNGS if rung >= max(widest, LEAST_WIDTH)), 64 * math.ceil(widest / 64))
    own = STEP * math.ceil(stem / STEP)
    rungs = {*(rung for rung in RUNGS if rung < top), top}
    return tuple(sorted(rungs | ({own} if LEAST_WIDTH < own <= STEM_SHARE * top else set())))
