"""The slots of a bank's program, one after the other, forth and back.

A slot (:class:`nas_core.evaluation.compiled.slots.Slot`) is computed in a loop as long as the network is deep. The
matrix product takes the branch of its widths, so that no operation is spent on padding; dropout, normalisation and
curved activations are skipped where no member has them. Arrays are padded with zeros, and zero they stay: every
activation leaves zero alone, and so does its gradient.

What runs through the slots has its rows last, (members, width, rows): what is padded lies in one piece, and of what a
product has to turn round the smaller one can be chosen.

The gradient is written out by hand, because TensorFlow's compiler cannot differentiate a loop of unknown length.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nas_core.evaluation.compiled.form import (
    BATCH,
    BIAS,
    GATE,
    MEAN,
    NO_NORM,
    PRELU,
    RELU,
    SCALE,
    SHIFT,
    SILU,
    SLOPE,
    TANH,
    VALUE,
    VARIANCE,
    Case,
    Form,
    Plan,
    State,
)
from nas_core.space.steps import MOMENTUM, NORM_EPSILON
from nas_core.training.adamw import stepped

PAGE = 2**12  # weights of a matrix that make their step at a time, at most
MOST_TURNED = 128  # rows of a batch; more of them take longer to turn round than a matrix does


class Trunk:
    """What lies between stem and head in a program of `form`. `decay` is AdamW's weight decay."""

    def __init__(self, form: Form, decay: float) -> None:
        import tensorflow as tf

        self.tf, self.form, self.decay = tf, form, decay
        self.page = math.gcd(form.width**2, PAGE)

    def forward(self, case: Case, x: Any, state: State) -> Any:
        """What stands behind the last slot when the network is used."""
        tf = self.tf

        def run_slot(s: Any, x: Any, kept: Any) -> Any:
            slot, vectors = _slot(case.plan, s), state.weights.vectors[VALUE][s]
            kept = tf.where(_rows(slot.keeps), x, kept)
            x, _ = self._norm(slot, x, vectors, state.statistics[s], None)
            z = self._add(slot, x, self._matrix(state.weights.matrices[VALUE], s), vectors)
            return s + 1, self._activation(slot, z, x, vectors) + tf.where(_rows(slot.adds), kept, 0.0), kept

        return tf.while_loop(lambda s, *_: s < case.plan.depth, run_slot, (0, x, tf.zeros_like(x)))[1]

    def forward_in_training(self, case: Case, x: Any, share: Any, seed: Any, state: State) -> Any:
        """The same with dropout and the statistics of the batch, leaving notes for the way back."""
        tf = self.tf

        def run_slot(s: Any, x: Any, kept: Any, statistics: Any, entered: Any, summed: Any) -> Any:
            slot, vectors = _slot(case.plan, s), state.weights.vectors[VALUE][s]
            x = self._dropout(slot, x, seed, s)
            entered = put(entered, s, x)
            kept = tf.where(_rows(slot.keeps), x, kept)
            x, seen = self._norm(slot, x, vectors, statistics[s], share)
            statistics = put(statistics, s, seen)
            z = self._add(slot, x, self._matrix(state.weights.matrices[VALUE], s), vectors)
            summed = put(summed, s, z)
            x = self._activation(slot, z, x, vectors) + tf.where(_rows(slot.adds), kept, 0.0)
            return s + 1, x, kept, statistics, entered, summed

        loop = (0, x, tf.zeros_like(x), state.statistics, state.entered, state.summed)
        _, x, _, statistics, entered, summed = tf.while_loop(lambda s, *_: s < case.plan.depth, run_slot, loop)
        return x, state._replace(statistics=statistics, entered=entered, summed=summed)

    def backward(self, case: Case, d_x: Any, share: Any, seed: Any, rate: Any, state: State) -> tuple[Any, State]:
        """The gradient of what went into the first slot; the weights of all slots have made their step."""
        tf, last = self.tf, case.plan.depth - 1

        def write(vectors: Any, s: Any, new: Any) -> Any:
            return tuple(put(each, s, own) for each, own in zip(vectors, new, strict=True))

        def run_slot(s: Any, d_x: Any, d_kept: Any, matrices: Any, vectors: Any, new: Any) -> Any:
            # The vectors are written when the next slot has its turn, as the pages of a matrix are.
            vectors = write(vectors, tf.minimum(s + 1, last), new)
            slot, entered, own = _slot(case.plan, s), state.entered[s], [each[s] for each in vectors]
            d_kept = tf.where(_rows(slot.adds), d_x, d_kept)
            normed, _ = self._norm(slot, entered, own[VALUE], state.statistics[s], share)
            d_sum, d_slope = self._activation_gradient(slot, state.summed[s], normed, own[VALUE], d_x)
            d_normed, d_matrix = self._product_gradient(slot, normed, self._matrix(matrices[VALUE], s), d_sum)
            matrices = self._step(slot, s, matrices, d_matrix, rate, state.n_steps)
            d_x = self._gate_gradient(slot, state.summed[s], d_x, d_normed)
            d_bias = tf.where(slot.has_matrix[:, None], tf.reduce_sum(d_sum, 2), 0.0)
            d_x, d_scale, d_shift = self._norm_gradient(slot, entered, own[VALUE], share, d_x)
            d_x = self._dropout(slot, d_x + tf.where(_rows(slot.keeps), d_kept, 0.0), seed, s)
            d_vectors = tf.stack([d_bias, d_scale, d_shift, d_slope], 1)
            return s - 1, d_x, d_kept, matrices, vectors, stepped(own, d_vectors, rate, self.decay, state.n_steps)

        matrices, vectors = state.weights.matrices, state.weights.vectors
        # Not indexed in brackets: what stands in these the compiler holds for a constant, and compiles for each anew.
        new = tuple(tf.gather(each, last) for each in vectors)
        loop = (last, d_x, tf.zeros_like(d_x), matrices, vectors, new)
        _, d_x, _, matrices, vectors, new = tf.while_loop(lambda s, *_: s >= 0, run_slot, loop)
        weights = state.weights._replace(matrices=matrices, vectors=write(vectors, 0, new))
        return d_x, state._replace(weights=weights)

    def _matrix(self, matrices: Any, s: Any) -> Callable[[int, int], Any]:
        """The matrices of slot `s` by their shape: read where they lie, since to copy the padding takes as long as a
        product.
        """
        tf, n_members = self.tf, self.form.n_members

        def read(n: int, units: int) -> Any:
            flat = tf.slice(matrices, [s, 0, 0], [1, n_members, n * units])
            return tf.reshape(flat, (n_members, units, n))

        return read

    def _add(self, slot: Plan, x: Any, matrix: Callable[[int, int], Any], vectors: Any) -> Any:
        """The product with the matrix, and the bias; `x` as it is where there is no matrix."""
        tf, form = self.tf, self.form

        def product(n: int, units: int) -> Callable[[], Any]:
            def compute() -> Any:
                y = tf.matmul(matrix(n, units), x[:, :n])
                return tf.pad(y, [[0, 0], [0, form.width - units], [0, 0]])

            return compute

        y = tf.switch_case(slot.branch, [lambda: x, *(product(*shape) for shape in form.shapes)])
        return tf.where(_rows(slot.has_matrix), y + vectors[:, BIAS, :, None], x)

    def _product_gradient(self, slot: Plan, x: Any, matrix: Callable[[int, int], Any], d_y: Any) -> tuple[Any, Any]:
        """The gradients of ``x`` and, with zeros behind it, of the matrix, given that of their product."""
        tf, form = self.tf, self.form
        has_matrix = _rows(slot.has_matrix)
        d_product = tf.where(has_matrix, d_y, 0.0)

        def gradient(n: int, units: int) -> Callable[[], Any]:
            def compute() -> Any:
                d = d_product[:, :units]
                d_x = self._turned_product(matrix(n, units), d)
                d_matrix = tf.reshape(tf.matmul(d, x[:, :n], transpose_b=True), (form.n_members, n * units))
                rest = form.width**2 - n * units
                return tf.pad(d_x, [[0, 0], [0, form.width - n], [0, 0]]), tf.pad(d_matrix, [[0, 0], [0, rest]])

            return compute

        def nothing() -> Any:
            return d_y, tf.zeros((form.n_members, form.width**2))

        branches = [nothing, *(gradient(*shape) for shape in form.shapes)]
        d_x, d_matrix = tf.switch_case(slot.branch, branches)
        return tf.where(has_matrix, d_x, d_y), d_matrix

    def _turned_product(self, matrix: Any, d: Any) -> Any:
        """``matrix``, turned round, times ``d``; of the two the smaller one is what the product turns round."""
        tf = self.tf
        if self.form.batch_size > MOST_TURNED:
            return tf.matmul(matrix, d, transpose_a=True)
        return tf.transpose(tf.matmul(d, matrix, transpose_a=True), (0, 2, 1))

    def _step(self, slot: Plan, s: Any, matrices: Any, gradient: Any, rate: Any, n_steps: Any) -> Any:
        """`matrices` with those of slot `s` behind a step, page by page, as many as there are.

        A page is written when the next one has its turn: the compiler copies arrays that are read and written at once.
        """
        tf, n_members, size = self.tf, self.form.n_members, self.page
        # Not indexed in brackets, as above.
        pages = tf.gather([0, *(math.ceil(n * units / size) for n, units in self.form.shapes)], slot.branch)

        def read(matrices: Any, page: Any) -> Any:
            return tuple(tf.slice(each, [s, 0, page * size], [1, n_members, size]) for each in matrices)

        def write(matrices: Any, page: Any, new: Any) -> Any:
            start = [s, 0, tf.maximum(page, 0) * size]
            return tuple(_update(each, own, start) for each, own in zip(matrices, new, strict=True))

        def step(page: Any, matrices: Any, new: Any) -> Any:
            matrices = write(matrices, page - 1, new)
            d_own = tf.slice(gradient, [0, page * size], [n_members, size])
            return page + 1, matrices, stepped(read(matrices, page), d_own, rate, self.decay, n_steps)

        loop = (0, matrices, read(matrices, 0))
        _, matrices, new = tf.while_loop(lambda page, *_: page < pages, step, loop)
        return write(matrices, pages - 1, new)

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
        return tf.where(kind == RELU, 0.0, tf.where(kind == PRELU, vectors[:, SLOPE, :, None], 1.0))

    def _activation_gradient(self, slot: Plan, z: Any, x: Any, vectors: Any, d_y: Any) -> tuple[Any, Any]:
        """The gradients of the sums `z` and of the slopes."""
        tf, kind = self.tf, _rows(slot.activation)
        straight = tf.where(z <= 0, d_y * self._slopes(slot, vectors), d_y)
        has_slope = slot.activation[:, None] == PRELU

        def sloped() -> Any:
            return tf.where(has_slope, tf.reduce_sum(d_y * tf.minimum(z, 0.0), 2), 0.0)

        d_slope = tf.cond(tf.reduce_any(has_slope), sloped, lambda: tf.zeros_like(vectors[:, SLOPE]))

        def curved() -> Any:
            curve = tf.tanh(tf.where(kind == TANH, z, z / 2))
            sigmoid = (1 + curve) / 2
            smooth = tf.where(kind == SILU, sigmoid * (1 + z * (1 - sigmoid)), 2 * x * sigmoid * (1 - sigmoid))
            slope = tf.where(kind == TANH, 1 - curve * curve, smooth)
            return tf.where(kind >= SILU, d_y * slope, straight)

        # The other branch hands on what there is: of two that compute something the compiler always computes both.
        return tf.cond(tf.reduce_any(slot.activation >= SILU), curved, lambda: straight), d_slope

    def _gate_gradient(self, slot: Plan, z: Any, d_y: Any, d_x: Any) -> Any:
        """`d_x` with the gradient of what a gate lets through."""
        tf, is_gate = self.tf, slot.activation == GATE

        def gated() -> Any:
            return tf.where(_rows(is_gate), d_x + d_y * (1 + tf.tanh(z / 2)), d_x)

        return tf.cond(tf.reduce_any(is_gate), gated, lambda: d_x)

    def _dropout(self, slot: Plan, x: Any, seed: Any, s: Any) -> Any:
        """Each value left out or scaled up. The same seed and slot leave out the same."""
        tf = self.tf

        def dropped() -> Any:
            place = tf.reshape(tf.range(math.prod(x.shape[1:])), (1, *x.shape[1:]))
            start = seed + tf.cast(s, tf.uint32) * tf.constant(0x85EBCA77, tf.uint32)
            bits = _mixed(tf, tf.cast(place, tf.uint32) * tf.constant(0x9E3779B9, tf.uint32) + _rows(start))
            stays = tf.cast(bits, tf.float32) >= _rows(slot.rate) * 2.0**32
            return tf.where(stays, x / (1 - _rows(slot.rate)), 0.0)

        return tf.cond(tf.reduce_any(slot.rate > 0), dropped, lambda: x)

    def _moments(self, slot: Plan, x: Any, share: Any) -> tuple[Any, Any, Any, Any]:
        """Mean and variance over the batch (members, width, 1) and over the row (members, 1, rows)."""
        tf = self.tf
        over_batch = tf.reduce_sum(x * share, 2, keepdims=True)
        over_row = tf.reduce_sum(x, 1, keepdims=True) / _rows(slot.width)
        deviation = tf.square(x - over_row) * self._columns(slot)
        return (
            over_batch,
            tf.reduce_sum(tf.square(x - over_batch) * share, 2, keepdims=True),
            over_row,
            tf.reduce_sum(deviation, 1, keepdims=True) / _rows(slot.width),
        )

    def _columns(self, slot: Plan) -> Any:
        """1 for each column that is no padding, (members, width, 1)."""
        tf = self.tf
        return tf.cast(tf.range(float(self.form.width))[None, :, None] < _rows(slot.width), tf.float32)

    def _norm(self, slot: Plan, x: Any, vectors: Any, statistics: Any, share: Any) -> tuple[Any, Any]:
        """The normalised `x` and the new moving statistics; in training `share` weighs the rows, else it is None."""
        tf, kind = self.tf, _rows(slot.norm)

        def normed() -> Any:
            weights = tf.ones_like(x[:, :1]) if share is None else share
            mean, variance, row_mean, row_variance = self._moments(slot, x, weights)
            moved = statistics
            if share is None:
                mean, variance = statistics[:, MEAN, :, None], statistics[:, VARIANCE, :, None]
            else:
                seen = tf.stack([mean[..., 0], variance[..., 0]], 1)
                moved = tf.where(kind == BATCH, MOMENTUM * statistics + (1 - MOMENTUM) * seen, statistics)
            mean, variance = tf.where(kind == BATCH, mean, row_mean), tf.where(kind == BATCH, variance, row_variance)
            scale, shift = vectors[:, SCALE, :, None], vectors[:, SHIFT, :, None]
            y = (x - mean) * tf.math.rsqrt(variance + NORM_EPSILON) * scale + shift
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
            normal, d = (x - mean) * factor * columns, d_y * vectors[:, SCALE, :, None]

            def total(a: Any) -> Any:
                return tf.where(kind == BATCH, tf.reduce_sum(a, 2, keepdims=True), tf.reduce_sum(a, 1, keepdims=True))

            d_x = factor * (d - part * (total(d) + normal * total(d * normal)))
            has_norm = slot.norm[:, None] != NO_NORM
            d_scale, d_shift = tf.reduce_sum(d_y * normal, 2), tf.reduce_sum(d_y, 2)
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


def put(array: Any, index: Any, value: Any) -> Any:
    """`array` with `value` at `index` of its first axis, in place."""
    return _update(array, value[None], [index] + [0] * len(value.shape))


def _update(array: Any, part: Any, start: Any) -> Any:
    from tensorflow.compiler.tf2xla.python.xla import dynamic_update_slice

    return dynamic_update_slice(array, part, start)


def _slot(plan: Plan, s: Any) -> Plan:
    return Plan(*(values if values is plan.depth else values[s] for values in plan))


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
