"""One compiled training for all networks of slots: the architecture is data.

A program is compiled once for a :class:`Form` and then trains every network that fits into it, `n_members` side by
side: epochs, steps, stem, head and validation are here, the slots in :mod:`nas_core.evaluation.compiled.trunk`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_core.evaluation.compiled.form import VALUE, Best, Case, Ends, Form, Plan, State, Weights
from nas_core.evaluation.compiled.trunk import Trunk, put
from nas_core.evaluation.frame import Rows
from nas_core.training.adamw import stepped

MEMBER_AXES = (1, 1, 0, 0, 0)  # of the arrays of Weights, the axis of the members


class Program:
    """The compiled training of networks of `form` between `ends`. `decay` is AdamW's weight decay."""

    def __init__(self, form: Form, ends: Ends, decay: float) -> None:
        import tensorflow as tf

        self.tf, self.form, self.ends, self.decay = tf, form, ends, decay
        self.trunk = Trunk(form, decay)
        self._compiled: dict[Any, Any] = {}

    def begin(self, case: Case, first: tuple[Weights, np.ndarray]) -> Training:
        """A training that begins with the weights and statistics `first`; its members must be of this form."""
        tf, form = self.tf, self.form
        case = case._replace(plan=Plan(*map(tf.constant, case.plan)), seed=tf.constant(case.seed, tf.uint32))
        weights, statistics = Weights(*map(tf.constant, first[0])), tf.constant(first[1])
        with_moments = [(weight, tf.zeros_like(weight), tf.zeros_like(weight)) for weight in weights]
        scratch = tf.zeros((form.n_slots, form.n_members, form.width, form.batch_size))
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
            losses, valid_losses = put(losses, epoch, loss), put(valid_losses, epoch, valid_loss)
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
            x = self.trunk.forward(case, x, state)
            loss, output = self._judge(truth, self._head(x, state.weights.head[VALUE]))
            return i + 1, total + tf.reduce_sum(loss * exists, 1), put(outputs, i, output)

        loop = (0, tf.zeros((form.n_members,)), tf.zeros((n_chunks, form.n_members, n_rows, self.ends.n_outputs)))
        _, total, outputs = tf.while_loop(lambda i, *_: i < n_chunks, run_chunk, loop)
        return total / tf.reduce_sum(tf.cast(case.valid >= 0, tf.float32), (0, 2)), outputs

    def _step(self, case: Case, order: Any, rate: Any, state: State) -> Any:
        """One step of AdamW on the rows of `order` (members, batch)."""
        tf = self.tf
        head = state.weights.head
        exists, truth, x, places, filled = self._read(case.rows, order, state.weights)
        share = (exists / tf.reduce_sum(exists, 1, keepdims=True))[:, None]  # of a row in the mean over the batch
        state = state._replace(n_steps=state.n_steps + 1)
        seed = case.seed + tf.cast(state.n_steps, tf.uint32) * tf.constant(0x9E3779B1, tf.uint32)
        x, state = self.trunk.forward_in_training(case, x, share, seed, state)
        logits = self._head(x, head[VALUE])
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = tf.reduce_sum(self._judge(truth, logits)[0] * share[:, 0], 1)
            total = tf.reduce_sum(loss)
        d_logits = tape.gradient(total, logits)
        d_x = tf.matmul(head[VALUE][:, :-1], d_logits)
        d_x, state = self.trunk.backward(case, d_x, share, seed, rate, state)
        d_bias = tf.reduce_sum(d_logits, 2)[:, None]
        d_head = tf.concat([tf.matmul(x, d_logits, transpose_b=True), d_bias], axis=1)
        head = stepped(head, d_head, rate, self.decay, state.n_steps)
        tables, bins = self._learn_stem(state, d_x[:, case.rows.numbers.shape[1] :], places, filled, rate)
        return state._replace(weights=state.weights._replace(tables=tables, head=head, bins=bins)), loss

    def _learn_stem(self, state: State, d_x: Any, places: Any, filled: Any, rate: Any) -> tuple[Any, Any]:
        """The stem's embeddings after a step; `d_x` is the gradient of them and what stands behind."""
        tf, tables, bins = self.tf, state.weights.tables, state.weights.bins
        n_columns, _, width = self.ends.bins
        if filled is not None:
            d_embedded = tf.reshape(d_x[:, : n_columns * width], (-1, n_columns, width, d_x.shape[-1]))
            d_bins = tf.matmul(filled, d_embedded, transpose_b=True)
            bins = stepped(bins, d_bins, rate, self.decay, state.n_steps)
        if places is not None:
            d_stem = d_x[:, n_columns * width : n_columns * width + tables[VALUE].shape[-1]]
            both = tf.matmul(places, tf.concat([d_stem, d_stem**2], 1), transpose_b=True)
            d_tables, squares = (each * self.ends.tables for each in tf.split(both, 2, axis=2))
            tables = stepped(tables, d_tables, rate, self.decay, state.n_steps, squares)
        return tables, bins

    def _read(self, rows: Rows, order: Any, weights: Weights) -> Any:
        """Whether the rows exist, their targets, what the stem makes of them, and the vectors it used: one-hot, and how
        far each bin is filled; these have the rows last.
        """
        tf = self.tf
        exists, order = tf.cast(order >= 0, tf.float32), tf.maximum(order, 0)

        def read(values: Any) -> Any:
            return tf.transpose(tf.gather(values, order), (0, 2, 1))

        parts, places, filled = [read(rows.numbers)], None, None
        n_columns, n_bins, width = self.ends.bins
        if n_columns:
            positions = read(rows.positions)[:, :, None]
            filled = tf.clip_by_value(positions - tf.range(float(n_bins))[:, None], 0.0, 1.0)
            embedded = tf.matmul(weights.bins[VALUE], filled, transpose_a=True)
            parts.append(tf.reshape(embedded, (-1, n_columns * width, order.shape[1])))
        if self.ends.column.size:
            codes = tf.gather(read(rows.codes), self.ends.column, axis=1)
            places = tf.cast(codes == self.ends.code[:, None], tf.float32)
            parts.append(tf.matmul(weights.tables[VALUE], places, transpose_a=True))
        x = tf.concat(parts, axis=1)
        x = tf.pad(x, [[0, 0], [0, self.form.width - x.shape[1]], [0, 0]])
        return exists, tf.gather(rows.target, order), x, places, filled

    def _head(self, x: Any, head: Any) -> Any:
        """The logits (members, outputs, rows)."""
        return self.tf.matmul(head[:, :-1], x, transpose_a=True) + head[:, -1, :, None]

    def _judge(self, truth: Any, logits: Any) -> tuple[Any, Any]:
        """The loss (members, rows) and the output (members, rows, outputs)."""
        tf, shape = self.tf, (*truth.shape, logits.shape[1])
        logits = tf.reshape(tf.transpose(logits, (0, 2, 1)), (-1, shape[-1]))
        loss, output = self.ends.judge(tf.reshape(truth, (-1,)), logits)
        return tf.reshape(loss, truth.shape), tf.reshape(output, shape)


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
        state = self._state
        weights = [(best, *now[1:]) for best, now in zip(self._best.weights, state.weights, strict=True)]
        self._state = state._replace(weights=Weights(*weights), statistics=self._best.statistics)

    def losses(self) -> tuple[np.ndarray, np.ndarray]:
        """The losses of all epochs so far in training and validation, each (epochs, members)."""
        train_losses, valid_losses = zip(*self._losses, strict=True)
        return np.concatenate(train_losses), np.concatenate(valid_losses)

    def best(self) -> Best:
        """The best epoch so far, as arrays of numpy."""
        loss, weights, statistics, outputs = self._best
        return Best(loss.numpy(), Weights(*(w.numpy() for w in weights)), statistics.numpy(), outputs.numpy())
