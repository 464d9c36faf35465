"""The steps of a fit as graphs, many in one call: the one place of the fit that speaks TensorFlow.

A small network is trained faster than its graph is made. ``Model.fit`` makes five of them (for two sizes of batch, to
validate, to predict, and metrics in each), this makes two, and between two steps nothing is left to Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from nas_core.training.adamw import AdamW
from nas_core.training.feed import Rows

Loss = Callable[[Any, Any], Any]  # of each row, by truth and output


class Steps:
    """Trains and judges `model` by `loss`, of each row by truth and output.

    Rows have the form of those in `forms`, to learn from and to judge by.

    Where the model gives what members say, (batch, members, …), each learns by itself, and their mean is judged.
    """

    def __init__(self, model: Any, loss: Loss, forms: tuple[Rows, Rows], batch_size: int, decay: float) -> None:
        import tensorflow as tf

        self._tf, self.model, self._loss, self._batch_size = tf, model, loss, batch_size
        self._has_members = len(model.output_shape) == 3
        self._variables = [variable.value for variable in model.trainable_variables]
        self._optimizer = AdamW(self._variables, decay)
        learned, judged = tf.nest.map_structure(lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), forms)
        # On a GPU a step is compiled, as Keras does it; on a core that takes longer than it saves.
        self._step = tf.function(self._learn, autograph=False, jit_compile=True) if _has_gpu() else self._learn
        order, rate = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((), tf.float32)
        self._train = tf.function(self._run, (learned, order, rate), autograph=False)
        self._judge = tf.function(self._measure, (judged,), autograph=False)

    def reset(self) -> None:
        """Begin anew: the next step is the first one."""
        self._optimizer.reset()

    def train(self, rows: Rows, order: np.ndarray, rate: float) -> float:
        """Learn from `rows` in `order`, batch by batch in steps of size `rate`; returns the sum of their losses."""
        return float(self._train(rows, order, rate))

    def judge(self, chunks: Iterable[Rows]) -> tuple[float, np.ndarray]:
        """The mean loss of the rows of all `chunks`, and the outputs (rows, …)."""
        losses, outputs = zip(*map(self._judge, chunks), strict=True)
        return float(np.concatenate(losses).mean()), np.concatenate(outputs)

    def _run(self, rows: Rows, order: Any, rate: Any) -> Any:
        tf, size = self._tf, self._batch_size

        def run_step(start: Any, total: Any) -> Any:
            own = order[start : start + size]
            inputs, truth = tf.nest.map_structure(lambda array: tf.gather(array, own), rows)
            return start + size, total + self._step(inputs, truth, rate)

        return tf.while_loop(lambda start, _: start < tf.size(order), run_step, (0, 0.0))[1]

    def _learn(self, inputs: Any, truth: Any, rate: Any) -> Any:
        """A step; returns the sum of the losses before it."""
        tf = self._tf
        with tf.GradientTape() as tape:
            output, wanted = self.model(inputs, training=True), truth
            if self._has_members:
                wanted = tf.repeat(truth, output.shape[1])
                output = tf.reshape(output, (-1, *output.shape[2:]))
            loss = tf.reduce_mean(self._loss(wanted, output))
        self._optimizer.apply(tape.gradient(loss, self._variables), rate)
        return loss * tf.cast(tf.shape(truth)[0], tf.float32)

    def _measure(self, rows: Rows) -> tuple[Any, Any]:
        inputs, truth = rows
        output = self.model(inputs, training=False)
        if self._has_members:
            output = self._tf.reduce_mean(output, 1)
        return self._loss(truth, output), output


def _has_gpu() -> bool:
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
