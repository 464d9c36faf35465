"""One compiled training for all networks of slots: the architecture is data.

A program is compiled once for a :class:`Form` and then trains every network that fits into it, `n_members` side by
side. A slot (:class:`nas_core.space.slots.Slot`) is computed in a loop that is as long as the network is deep. The
matrix product takes the branch of its widths, so that no operation is spent on padding; dropout, normalisation and
curved activations are skipped where no member has them. Arrays are padded with zeros, and zero they stay: every
activation leaves zero alone, and so does its gradient.

The gradient is written out by hand, because TensorFlow's compiler cannot differentiate a loop of unknown length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nas_core.space.steps import ACTIVATIONS

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # Keras' defaults, and so are the next two
NORM_EPSILON, MOMENTUM = 1e-3, 0.99
VALUE, FIRST, SECOND = range(3)  # of a weight: itself and its two moments
BIAS, SCALE, SHIFT, SLOPE = range(N_VECTORS := 4)  # the vectors of a slot
MEAN, VARIANCE = range(2)  # the statistics of a slot
LINEAR, RELU, PRELU, SILU, TANH, GATE = range(len(ACTIVATIONS))
NO_NORM, BATCH, ROW = range(3)
MEMBER_AXES = (1, 1, 0, 0, 0)  # of the arrays of Weights, the axis of the members


@dataclass(frozen=True)
class Form:
    """What a program is compiled for, beside the task's own ends.

    `widths` are the rungs to which a vector is padded, the last one is that of all arrays; `n_slots` bounds the depth.
    `batch_size` rows make a training step, `evaluation_size` are evaluated at a time.
    """

    n_members: int
    n_slots: int
    widths: tuple[int, ...]
    batch_size: int
    evaluation_size: int

    @property
    def width(self) -> int:
        """Width of all padded arrays."""
        return self.widths[-1]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """The shapes of a matrix that a product has a branch for."""
        return [(width, units) for width in self.widths for units in self.widths]

    def shape(self, width: int, units: int) -> tuple[int, int]:
        """The least of them that holds a matrix (width, units)."""
        return next(shape for shape in self.shapes if shape[0] >= width and shape[1] >= units)


class Ends(NamedTuple):
    """The task's side of all networks.

    The stem puts numbers and embeddings side by side: place i of its one-hot vector stands for the category `code[i]`
    of `column[i]`, and `tables` (places, width) is 1 where its matrix has a weight. `bins` (columns, bins, width) is
    the shape of the weights that embed the bins of numbers. The head has `n_outputs`, and `judge(truth, logits)` gives
    the loss of each row and the network's output.
    """

    column: np.ndarray
    code: np.ndarray
    tables: np.ndarray
    n_outputs: int
    judge: Callable[[Any, Any], tuple[Any, Any]]
    bins: tuple[int, int, int]


class Plan(NamedTuple):
    """The architectures: arrays (slots, members) but for `branch` (slots,), which all members have in common.

    Branch 0 of a product multiplies nothing, branch k has the k-th of the form's shapes. `depth` is the number of slots
    of the deepest member.
    """

    branch: Any
    has_matrix: Any
    activation: Any
    rate: Any
    norm: Any
    width: Any
    keeps: Any
    adds: Any
    depth: Any


class Rows(NamedTuple):
    """The data: `numbers` (rows, numbers), `positions` among the bins (rows, columns with bins), `codes` (rows,
    columns), `target` (rows,).
    """

    numbers: Any
    positions: Any
    codes: Any
    target: Any


class Weights(NamedTuple):
    """The weights of all members.

    `matrices` (slots, members, width · width), each in its shape at the beginning of its row; `vectors` (slots,
    members, 4, width); `tables` (members, places, width); `head` (members, width + 1, outputs), the bias its last row;
    `bins` (members, columns, bins, width).
    In a :class:`State` there are three of each, the weight and its moments: behind the axis of the slots where there is
    one, else in front.
    """

    matrices: Any
    vectors: Any
    tables: Any
    head: Any
    bins: Any

    def values(self) -> Weights:
        """Of the weights of a state those without the moments."""
        whole = (self.tables, self.head, self.bins)
        return Weights(self.matrices[:, VALUE], self.vectors[:, VALUE], *(weight[VALUE] for weight in whole))


class State(NamedTuple):
    """What a step changes; `statistics` (slots, members, 2, width) are the moving ones of normalisation.

    `entered` and `summed` (slots, members, rows, width) hold, for the way back, what went into each slot behind its
    dropout and into its activation.
    """

    weights: Weights
    statistics: Any
    n_steps: Any
    entered: Any
    summed: Any


class Best(NamedTuple):
    """The epoch of the lowest validation loss (members,); `outputs` are (chunks, members, rows, outputs)."""

    loss: Any
    weights: Weights
    statistics: Any
    outputs: Any


class Case(NamedTuple):
    """What does not change in a training.

    `seed` uint32 (members,) decides what dropout leaves out, `valid` (chunks, members, rows) are the rows to judge by,
    -1 where there is none.
    """

    plan: Plan
    seed: Any
    rows: Rows
    valid: Any


class Program:
    """The compiled training of networks of `form` between `ends`. `decay` is AdamW's weight decay."""

    def __init__(self, form: Form, ends: Ends, decay: float) -> None:
        import tensorflow as tf
        from tensorflow.compiler.tf2xla.python.xla import dynamic_update_slice

        self.tf, self.form, self.ends, self.decay = tf, form, ends, decay
        self._update = dynamic_update_slice
        self._compiled: dict[Any, Any] = {}

    def begin(self, case: Case, first: tuple[Weights, np.ndarray]) -> Training:
        """A training that begins with the weights and statistics `first`; its members must be of this form."""
        tf, form = self.tf, self.form
        case = case._replace(plan=Plan(*map(tf.constant, case.plan)), seed=tf.constant(case.seed, tf.uint32))
        weights, statistics = Weights(*map(tf.constant, first[0])), tf.constant(first[1])
        with_moments = [
            tf.stack([weight, tf.zeros_like(weight), tf.zeros_like(weight)], axis)
            for weight, axis in zip(weights, MEMBER_AXES, strict=True)
        ]
        scratch = tf.zeros((form.n_slots, form.n_members, form.batch_size, form.width))
        state = State(Weights(*with_moments), statistics, tf.constant(0.0), scratch, scratch)
        outputs = tf.zeros((*case.valid.shape[:2], form.evaluation_size, self.ends.n_outputs))
        best = Best(tf.fill((form.n_members,), np.float32(np.inf)), weights, statistics, outputs)
        return Training(self, case._replace(valid=tf.constant(case.valid)), state, best)

    def train(self, case: Case, order: Any, *rest: Any) -> tuple[State, Best, Any, Any]:
        """:meth:`_train`, compiled for the shapes of its arguments when they are new."""
        shapes = tuple(order.shape), tuple(case.valid.shape)
        if shapes not in self._compiled:
            # Traced before the compiler is there: else TensorFlow has it look for constants behind all arguments of all
            # branches, which takes longer than to compile them.
            traced = self.tf.function(self._train, autograph=False).get_concrete_function(case, order, *rest)
            self._compiled[shapes] = self.tf.function(traced, jit_compile=True, autograph=False)
        return self._compiled[shapes](case, order, *rest)  # type: ignore[no-any-return]

    def _train(
        self,
        case: Case,
        order: Any,
        rates: Any,
        n_epochs: Any,
        state: State,
        best: Best,
    ) -> tuple[State, Best, Any, Any]:
        """Train for `n_epochs`.

        Args:
            case: what stays the same.
            order: the rows of each step, (epochs, steps, members, batch), -1 where there is none.
            rates: learning rate of each epoch.
            n_epochs: so many of the epochs are trained.
            state: where the training stands.
            best: the best epoch so far.

        Returns:
            State and best epoch behind these epochs, and their losses in training and validation (epochs, members).
        """
        tf = self.tf

        def run_epoch(epoch: Any, state: State, best: Best, losses: Any, valid_losses: Any) -> Any:
            state, loss = self._epoch(case, order[epoch], rates[epoch], state)
            valid_loss, outputs = self._evaluate(case, state)
            best = self._better(best, Best(valid_loss, state.weights.values(), state.statistics, outputs))
            losses, valid_losses = self._put(losses, epoch, loss), self._put(valid_losses, epoch, valid_loss)
            return epoch + 1, state, best, losses, valid_losses

        zeros = tf.zeros((order.shape[0], self.form.n_members))
        _, *result = tf.while_loop(lambda epoch, *_: epoch < n_epochs, run_epoch, (0, state, best, zeros, zeros))
        return tuple(result)

    def _better(self, best: Best, new: Best) -> Best:
        """For each member the better one."""
        is_better = new.loss < best.loss

        def chosen(a: Any, b: Any, axis: int) -> Any:
            shape = [1] * len(a.shape)
            shape[axis] = self.form.n_members
            return self.tf.where(self.tf.reshape(is_better, shape), a, b)

        weights = [chosen(a, b, axis) for a, b, axis in zip(new.weights, best.weights, MEMBER_AXES, strict=True)]
        return Best(
            chosen(new.loss, best.loss, 0),
            Weights(*weights),
            chosen(new.statistics, best.statistics, 1),
            chosen(new.outputs, best.outputs, 1),
        )

    def _epoch(self, case: Case, order: Any, rate: Any, state: State) -> Any:
        tf, n = self.tf, order.shape[0]

        def run_step(i: Any, state: State, total: Any) -> Any:
            state, loss = self._step(case, order[i], rate, state)
            return i + 1, state, total + loss

        _, state, total = tf.while_loop(lambda i, *_: i < n, run_step, (0, state, tf.zeros((self.form.n_members,))))
        return state, total / n

    def _evaluate(self, case: Case, state: State) -> Any:
        """The mean loss of each member over the rows to judge by, and all outputs."""
        tf, form = self.tf, self.form
        n_chunks, _, n_rows = case.valid.shape

        def run_chunk(i: Any, total: Any, outputs: Any) -> Any:
            exists, truth, x, *_ = self._read(case.rows, case.valid[i], state.weights)
            x = self._forward(case, x, state)
            loss, output = self._judge(truth, self._head(x, state.weights.head[VALUE]))
            return i + 1, total + tf.reduce_sum(loss * exists, 1), self._put(outputs, i, output)

        loop = (0, tf.zeros((form.n_members,)), tf.zeros((n_chunks, form.n_members, n_rows, self.ends.n_outputs)))
        _, total, outputs = tf.while_loop(lambda i, *_: i < n_chunks, run_chunk, loop)
        return total / tf.reduce_sum(tf.cast(case.valid >= 0, tf.float32), (0, 2)), outputs

    def _step(self, case: Case, order: Any, rate: Any, state: State) -> Any:
        """One step of AdamW on the rows of `order` (members, batch)."""
        tf = self.tf
        head = state.weights.head
        exists, truth, x, places, filled = self._read(case.rows, order, state.weights)
        share = (exists / tf.reduce_sum(exists, 1, keepdims=True))[:, :, None]  # of a row in the mean over the batch
        state = state._replace(n_steps=state.n_steps + 1)
        seed = case.seed + tf.cast(state.n_steps, tf.uint32) * tf.constant(0x9E3779B1, tf.uint32)
        x, state = self._forward_in_training(case, x, share, seed, state)
        logits = self._head(x, head[VALUE])
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = tf.reduce_sum(self._judge(truth, logits)[0] * share[..., 0], 1)
            total = tf.reduce_sum(loss)
        d_logits = tape.gradient(total, logits)
        d_x = tf.matmul(d_logits, head[VALUE, :, :-1], transpose_b=True)
        d_x, state = self._backward(case, d_x, share, seed, rate, state)
        d_head = tf.concat(
            [tf.matmul(x, d_logits, transpose_a=True), tf.reduce_sum(d_logits, 1, keepdims=True)], axis=1
        )
        head = self._adamw(head, d_head, rate, state.n_steps)
        tables, bins = self._learn_stem(state, d_x[..., case.rows.numbers.shape[1] :], places, filled, rate)
        return state._replace(weights=state.weights._replace(tables=tables, head=head, bins=bins)), loss

    def _learn_stem(self, state: State, d_x: Any, places: Any, filled: Any, rate: Any) -> tuple[Any, Any]:
        """The stem's embeddings after a step; `d_x` is the gradient of them and what stands behind."""
        tf, tables, bins = self.tf, state.weights.tables, state.weights.bins
        n_columns, _, width = self.ends.bins
        if filled is not None:
            d_embedded = tf.reshape(d_x[..., : n_columns * width], (*d_x.shape[:2], n_columns, width))
            bins = self._adamw(bins, tf.einsum("mbcn,mbcw->mcnw", filled, d_embedded), rate, state.n_steps)
        if places is not None:
            d_stem = d_x[..., n_columns * width : n_columns * width + tables.shape[-1]]
            d_tables, squares = (tf.matmul(places, d, transpose_a=True) * self.ends.tables for d in (d_stem, d_stem**2))
            tables = self._adamw(tables, d_tables, rate, state.n_steps, squares)
        return tables, bins

    def _read(self, rows: Rows, order: Any, weights: Weights) -> Any:
        """Whether the rows exist, their targets, what the stem makes of them, and the vectors it used: one-hot, and how
        far each bin is filled.
        """
        tf = self.tf
        exists, order = tf.cast(order >= 0, tf.float32), tf.maximum(order, 0)
        parts, places, filled = [tf.gather(rows.numbers, order)], None, None
        n_columns, n_bins, width = self.ends.bins
        if n_columns:
            positions = tf.gather(rows.positions, order)[..., None]
            filled = tf.clip_by_value(positions - tf.range(float(n_bins)), 0.0, 1.0)
            embedded = tf.einsum("mbcn,mcnw->mbcw", filled, weights.bins[VALUE])
            parts.append(tf.reshape(embedded, (*embedded.shape[:2], n_columns * width)))
        if self.ends.column.size:
            codes = tf.gather(tf.gather(rows.codes, order), self.ends.column, axis=-1)
            places = tf.cast(codes == self.ends.code, tf.float32)
            parts.append(tf.matmul(places, weights.tables[VALUE]))
        x = tf.concat(parts, axis=-1)
        x = tf.pad(x, [[0, 0], [0, 0], [0, self.form.width - x.shape[-1]]])
        return exists, tf.gather(rows.target, order), x, places, filled

    def _head(self, x: Any, head: Any) -> Any:
        return self.tf.matmul(x, head[:, :-1]) + head[:, -1:]

    def _judge(self, truth: Any, logits: Any) -> tuple[Any, Any]:
        """The loss (members, rows) and the output (members, rows, outputs)."""
        tf = self.tf
        loss, output = self.ends.judge(tf.reshape(truth, (-1,)), tf.reshape(logits, (-1, logits.shape[-1])))
        return tf.reshape(loss, truth.shape), tf.reshape(output, logits.shape)

    def _forward(self, case: Case, x: Any, state: State) -> Any:
        """What stands behind the last slot when the network is used."""
        tf = self.tf

        def run_slot(s: Any, x: Any, kept: Any) -> Any:
            slot, vectors = self._slot(case.plan, s), state.weights.vectors[s, VALUE]
            kept = tf.where(_rows(slot.keeps), x, kept)
            x, _ = self._norm(slot, x, vectors, state.statistics[s], None)
            z = self._add(slot, x, state.weights.matrices[s, VALUE], vectors)
            return s + 1, self._activation(slot, z, x, vectors) + tf.where(_rows(slot.adds), kept, 0.0), kept

        return tf.while_loop(lambda s, *_: s < case.plan.depth, run_slot, (0, x, tf.zeros_like(x)))[1]

    def _forward_in_training(self, case: Case, x: Any, share: Any, seed: Any, state: State) -> Any:
        """The same with dropout and the statistics of the batch, leaving notes for the way back."""
        tf = self.tf

        def run_slot(s: Any, x: Any, kept: Any, statistics: Any, entered: Any, summed: Any) -> Any:
            slot, vectors = self._slot(case.plan, s), state.weights.vectors[s, VALUE]
            x = self._dropout(slot, x, seed, s)
            entered = self._put(entered, s, x)
            kept = tf.where(_rows(slot.keeps), x, kept)
            x, seen = self._norm(slot, x, vectors, statistics[s], share)
            statistics = self._put(statistics, s, seen)
            z = self._add(slot, x, state.weights.matrices[s, VALUE], vectors)
            summed = self._put(summed, s, z)
            x = self._activation(slot, z, x, vectors) + tf.where(_rows(slot.adds), kept, 0.0)
            return s + 1, x, kept, statistics, entered, summed

        loop = (0, x, tf.zeros_like(x), state.statistics, state.entered, state.summed)
        _, x, _, statistics, entered, summed = tf.while_loop(lambda s, *_: s < case.plan.depth, run_slot, loop)
        return x, state._replace(statistics=statistics, entered=entered, summed=summed)

    def _backward(self, case: Case, d_x: Any, share: Any, seed: Any, rate: Any, state: State) -> tuple[Any, State]:
        """The gradient of what went into the first slot; the weights of all slots have made their step."""
        tf = self.tf

        def run_slot(s: Any, d_x: Any, d_kept: Any, matrices: Any, vectors: Any) -> Any:
            slot, entered = self._slot(case.plan, s), state.entered[s]
            d_kept = tf.where(_rows(slot.adds), d_x, d_kept)
            normed, _ = self._norm(slot, entered, vectors[s, VALUE], state.statistics[s], share)
            d_sum, d_normed, d_slope = self._activation_gradient(slot, state.summed[s], normed, vectors[s, VALUE], d_x)
            d_x, matrix = self._learn(slot, normed, matrices[s], d_sum, rate, state.n_steps)
            d_x = d_x + d_normed
            d_bias = tf.where(slot.has_matrix[:, None], tf.reduce_sum(d_sum, 1), 0.0)
            d_x, d_scale, d_shift = self._norm_gradient(slot, entered, vectors[s, VALUE], share, d_x)
            d_x = self._dropout(slot, d_x + tf.where(_rows(slot.keeps), d_kept, 0.0), seed, s)
            d_vectors = tf.stack([d_bias, d_scale, d_shift, d_slope], 1)
            matrices = self._put(matrices, s, matrix)
            vectors = self._put(vectors, s, self._adamw(vectors[s], d_vectors, rate, state.n_steps))
            return s - 1, d_x, d_kept, matrices, vectors

        loop = (case.plan.depth - 1, d_x, tf.zeros_like(d_x), state.weights.matrices, state.weights.vectors)
        _, d_x, _, matrices, vectors = tf.while_loop(lambda s, *_: s >= 0, run_slot, loop)
        return d_x, state._replace(weights=state.weights._replace(matrices=matrices, vectors=vectors))

    def _slot(self, plan: Plan, s: Any) -> Plan:
        return Plan(*(values if values is plan.depth else values[s] for values in plan))

    def _put(self, array: Any, index: Any, value: Any) -> Any:
        """`array` with `value` at `index` of its first axis, in place."""
        return self._update(array, value[None], [index] + [0] * len(value.shape))

    def _add(self, slot: Plan, x: Any, matrix: Any, vectors: Any) -> Any:
        """The product with the matrix, and the bias; `x` as it is where there is no matrix."""
        tf, form = self.tf, self.form

        def product(n: int, units: int) -> Callable[[], Any]:
            def compute() -> Any:
                own = tf.reshape(matrix[:, : n * units], (form.n_members, n, units))
                return tf.pad(tf.matmul(x[..., :n], own), [[0, 0], [0, 0], [0, form.width - units]])

            return compute

        y = tf.switch_case(slot.branch, [lambda: x, *(product(*shape) for shape in form.shapes)])
        return tf.where(_rows(slot.has_matrix), y + vectors[:, None, BIAS], x)

    def _learn(self, slot: Plan, x: Any, matrix: Any, d_y: Any, rate: Any, n_steps: Any) -> tuple[Any, Any]:
        """The gradient of ``x`` given that of its product, and the matrix with its moments after a step."""
        tf, form = self.tf, self.form
        has_matrix = _rows(slot.has_matrix)
        d_product = tf.where(has_matrix, d_y, 0.0)

        def learn(n: int, units: int) -> Callable[[], Any]:
            def compute() -> Any:
                own, d = tf.reshape(matrix[..., : n * units], (3, form.n_members, n, units)), d_product[..., :units]
                d_x = tf.matmul(d, own[VALUE], transpose_b=True)
                own = self._adamw(own, tf.matmul(x[..., :n], d, transpose_a=True), rate, n_steps)
                flat = tf.reshape(own, (3, form.n_members, n * units))
                return (
                    tf.pad(d_x, [[0, 0], [0, 0], [0, form.width - n]]),
                    self._update(matrix, flat, [0, 0, 0]),  # padding with zeros takes longer than the product
                )

            return compute

        d_x, matrix = tf.switch_case(slot.branch, [lambda: (d_y, matrix), *(learn(*shape) for shape in form.shapes)])
        return tf.where(has_matrix, d_x, d_y), matrix

    def _activation(self, slot: Plan, z: Any, x: Any, vectors: Any) -> Any:
        """The activation of `z`, the product with `x`."""
        tf, kind = self.tf, _rows(slot.activation)
        straight = tf.where(z < 0, z * self._slopes(slot, vectors), z)

        def curved() -> Any:
            curve = tf.tanh(tf.where(kind == TANH, z, z / 2))
            smooth = tf.where(kind == SILU, z * (1 + curve) / 2, tf.where(kind == GATE, x * (1 + curve), straight))
            return tf.where(kind == TANH, curve, smooth)

        return tf.cond(tf.reduce_any(slot.activation >= SILU), curved, lambda: straight)

    def _slopes(self, slot: Plan, vectors: Any) -> Any:
        """The slope of each unit where its sum is negative."""
        tf, kind = self.tf, _rows(slot.activation)
        return tf.where(kind == RELU, 0.0, tf.where(kind == PRELU, vectors[:, None, SLOPE], 1.0))

    def _activation_gradient(self, slot: Plan, z: Any, x: Any, vectors: Any, d_y: Any) -> tuple[Any, Any, Any]:
        """The gradients of the sums `z`, of `x` as far as a gate lets it through, and of the slopes."""
        tf, kind = self.tf, _rows(slot.activation)
        straight = tf.where(z <= 0, d_y * self._slopes(slot, vectors), d_y)
        d_slope = tf.where(slot.activation[:, None] == PRELU, tf.reduce_sum(d_y * tf.minimum(z, 0.0), 1), 0.0)

        def curved() -> tuple[Any, Any]:
            curve = tf.tanh(tf.where(kind == TANH, z, z / 2))
            sigmoid = (1 + curve) / 2
            smooth = tf.where(kind == SILU, sigmoid * (1 + z * (1 - sigmoid)), 2 * x * sigmoid * (1 - sigmoid))
            slope = tf.where(kind == TANH, 1 - curve * curve, smooth)
            return tf.where(kind >= SILU, d_y * slope, straight), tf.where(kind == GATE, d_y * 2 * sigmoid, 0.0)

        is_curved = tf.reduce_any(slot.activation >= SILU)
        d_z, d_x = tf.cond(is_curved, curved, lambda: (straight, tf.zeros_like(straight)))
        return d_z, d_x, d_slope

    def _dropout(self, slot: Plan, x: Any, seed: Any, s: Any) -> Any:
        """Each value left out or scaled up. The same seed and slot leave out the same."""
        tf = self.tf

        def dropped() -> Any:
            _, rows, width = x.shape
            place = tf.reshape(tf.range(rows * width), (1, rows, width))
            start = seed + tf.cast(s, tf.uint32) * tf.constant(0x85EBCA77, tf.uint32)
            bits = _mixed(tf, tf.cast(place, tf.uint32) * tf.constant(0x9E3779B9, tf.uint32) + _rows(start))
            stays = tf.cast(bits, tf.float32) >= _rows(slot.rate) * 2.0**32
            return tf.where(stays, x / (1 - _rows(slot.rate)), 0.0)

        return tf.cond(tf.reduce_any(slot.rate > 0), dropped, lambda: x)

    def _moments(self, slot: Plan, x: Any, share: Any) -> tuple[Any, Any, Any, Any]:
        """Mean and variance over the batch (members, 1, width) and over the row (members, rows, 1)."""
        tf = self.tf
        over_batch = tf.reduce_sum(x * share, 1, keepdims=True)
        over_row = tf.reduce_sum(x, 2, keepdims=True) / _rows(slot.width)
        deviation = tf.square(x - over_row) * self._columns(slot)
        return (
            over_batch,
            tf.reduce_sum(tf.square(x - over_batch) * share, 1, keepdims=True),
            over_row,
            tf.reduce_sum(deviation, 2, keepdims=True) / _rows(slot.width),
        )

    def _columns(self, slot: Plan) -> Any:
        """1 for each column that is no padding."""
        tf = self.tf
        return tf.cast(tf.range(float(self.form.width))[None, None] < _rows(slot.width), tf.float32)

    def _norm(self, slot: Plan, x: Any, vectors: Any, statistics: Any, share: Any) -> tuple[Any, Any]:
        """The normalised `x` and the new moving statistics; in training `share` weighs the rows, else it is None."""
        tf, kind = self.tf, _rows(slot.norm)

        def normed() -> Any:
            weights = tf.ones_like(x[..., :1]) if share is None else share
            mean, variance, row_mean, row_variance = self._moments(slot, x, weights)
            moved = statistics
            if share is None:
                mean, variance = statistics[:, None, MEAN], statistics[:, None, VARIANCE]
            else:
                seen = tf.stack([mean[:, 0], variance[:, 0]], 1)
                moved = tf.where(kind == BATCH, MOMENTUM * statistics + (1 - MOMENTUM) * seen, statistics)
            mean, variance = tf.where(kind == BATCH, mean, row_mean), tf.where(kind == BATCH, variance, row_variance)
            y = (x - mean) * tf.math.rsqrt(variance + NORM_EPSILON) * vectors[:, None, SCALE] + vectors[:, None, SHIFT]
            return tf.where(kind == NO_NORM, x, y), moved

        result: tuple[Any, Any] = tf.cond(tf.reduce_any(slot.norm != NO_NORM), normed, lambda: (x, statistics))
        return result

    def _norm_gradient(self, slot: Plan, x: Any, vectors: Any, share: Any, d_y: Any) -> tuple[Any, Any, Any]:
        """The gradients of ``x``, scale and shift (Ioffe & Szegedy 2015, section 3), with weighted rows."""
        tf, kind = self.tf, _rows(slot.norm)

        def gradient() -> Any:
            mean, variance, row_mean, row_variance = self._moments(slot, x, share)
            mean, variance = tf.where(kind == BATCH, mean, row_mean), tf.where(kind == BATCH, variance, row_variance)
            columns, factor = self._columns(slot), tf.math.rsqrt(variance + NORM_EPSILON)
            part = tf.where(kind == BATCH, share, columns / _rows(slot.width))
            normal, d = (x - mean) * factor * columns, d_y * vectors[:, None, SCALE]

            def total(a: Any) -> Any:
                return tf.where(kind == BATCH, tf.reduce_sum(a, 1, keepdims=True), tf.reduce_sum(a, 2, keepdims=True))

            d_x = factor * (d - part * (total(d) + normal * total(d * normal)))
            has_norm = slot.norm[:, None] != NO_NORM
            d_scale, d_shift = tf.reduce_sum(d_y * normal, 1), tf.reduce_sum(d_y, 1)
            return (
                tf.where(kind == NO_NORM, d_y, d_x),
                tf.where(has_norm, d_scale, 0.0),
                tf.where(has_norm, d_shift, 0.0),
            )

        nothing = tf.zeros_like(vectors[:, 0])
        found: tuple[Any, Any, Any] = tf.cond(
            tf.reduce_any(slot.norm != NO_NORM), gradient, lambda: (d_y, nothing, nothing)
        )
        return found

    def _adamw(self, weight: Any, gradient: Any, rate: Any, n_steps: Any, squares: Any = None) -> Any:
        """Weight and moments (3, …) after a step (Loshchilov & Hutter, ICLR 2019).

        For an embedding `squares` is the sum of the squared gradients of the rows: Keras squares a sparse gradient
        before it adds up what belongs to one code, which makes for larger steps.
        """
        tf = self.tf
        value, first, second = weight[VALUE], weight[FIRST], weight[SECOND]
        first = first + (gradient - first) * (1 - BETA_1)
        second = second + ((gradient * gradient if squares is None else squares) - second) * (1 - BETA_2)
        step = rate * tf.sqrt(1 - BETA_2**n_steps) / (1 - BETA_1**n_steps)
        value = value * (1 - self.decay * rate) - step * first / (tf.sqrt(second) + EPSILON)
        return tf.stack([value, first, second])


class Training:
    """Members on their way through a program: call :meth:`advance` for some epochs at a time, then :meth:`best`."""

    def __init__(self, program: Program, case: Case, state: State, best: Best) -> None:
        self._program, self._case, self._state, self._best = program, case, state, best
        self._losses: list[tuple[Any, Any]] = []

    def advance(
        self, order: np.ndarray, rates: np.ndarray, n_epochs: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Train for `n_epochs` (all of `rates`); for none, the program is compiled and nothing else.

        Args:
            order: the rows of each step, (epochs, steps, members, batch), -1 where there is none.
            rates: learning rate of each epoch.
            n_epochs: so many of the epochs are trained.

        Returns:
            Their losses in training and validation, each (epochs, members).
        """
        tf = self._program.tf
        n = len(rates) if n_epochs is None else n_epochs
        arguments = tf.constant(order), tf.constant(rates), tf.constant(n), self._state, self._best
        self._state, self._best, *losses = self._program.train(self._case, *arguments)
        train_losses, valid_losses = (values.numpy()[:n] for values in losses)
        self._losses.append((train_losses, valid_losses))
        return train_losses, valid_losses

    def go_back(self) -> None:
        """Go on from the best epoch; the moments of the optimizer stay."""
        tf, state = self._program.tf, self._state
        weights = [
            tf.concat([best[:, None], now[:, 1:]] if axis else [best[None], now[1:]], axis)
            for best, now, axis in zip(self._best.weights, state.weights, MEMBER_AXES, strict=True)
        ]
        self._state = state._replace(weights=Weights(*weights), statistics=self._best.statistics)

    def losses(self) -> tuple[np.ndarray, np.ndarray]:
        """The losses of all epochs so far in training and validation, each (epochs, members)."""
        train_losses, valid_losses = zip(*self._losses, strict=True)
        return np.concatenate(train_losses), np.concatenate(valid_losses)

    def best(self) -> Best:
        """The best epoch so far, as arrays of numpy."""
        loss, weights, statistics, outputs = self._best
        return Best(loss.numpy(), Weights(*(w.numpy() for w in weights)), statistics.numpy(), outputs.numpy())


def _rows(values: Any) -> Any:
    """An array (members,) that broadcasts over rows and columns."""
    return values[:, None, None]


def _mixed(tf: Any, x: Any) -> Any:
    """Random bits of a counter (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

    The mixing is that of MurmurHash3 (Appleby): the compiler fuses it into its surroundings, whereas the generators of
    TensorFlow take longer than the matrix product beside them.
    """
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        x = tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, tf.constant(shift, tf.uint32)))
        x = x * tf.constant(factor, tf.uint32)
    return x
