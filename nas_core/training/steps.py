"""The steps of a fit as graphs, many in one call: the one place of the fit that speaks TensorFlow.

A small network is trained faster than its graph is made. ``Model.fit`` makes five of them (for two sizes of batch, to
validate, to predict, and metrics in each), this makes two, and between two steps nothing is left to Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from nas_core.training.adamw import AdamW
from nas_core.training.devices import gpus, has_gpu
from nas_core.training.feed import Rows
from nas_core.training.model import speeds

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
        self._optimizer = AdamW(self._variables, decay, speeds(model))
        learned, judged = tf.nest.map_structure(lambda x: tf.TensorSpec((None, *x.shape[1:]), x.dtype), forms)
        self._gpus = gpus() if any(len(tensor.shape) == 4 for tensor in model.inputs) else []
        self._summed = self._compiled(self._sum)
        self._step = self._learn_apart if len(self._gpus) > 1 else self._compiled(self._learn)
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

    def _compiled(self, step: Callable[..., Any]) -> Callable[..., Any]:
        # On a GPU, as Keras does it; on a core that takes longer than it saves.
        return self._tf.function(step, autograph=False, jit_compile=True) if has_gpu() else step

    def _run(self, rows: Rows, order: Any, rate: Any) -> Any:
        tf, size = self._tf, self._batch_size

        def run_step(start: Any, total: Any) -> Any:
            own = order[start : start + size]
            inputs, truth = tf.nest.map_structure(lambda array: tf.gather(array, own), rows)
            return start + size, total + self._step(inputs, truth, rate)

        return tf.while_loop(lambda start, _: start < tf.size(order), run_step, (0, 0.0))[1]

    def _learn(self, inputs: Any, truth: Any, rate: Any) -> Any:
        """A step; returns the sum of the losses before it."""
        n_rows = self._tf.cast(self._tf.shape(truth)[0], self._tf.float32)
        loss, gradients = self._sum(inputs, truth, n_rows)
        self._optimizer.apply(gradients, rate)
        return loss * n_rows

    def _learn_apart(self, inputs: Any, truth: Any, rate: Any) -> Any:
        """The same of pictures, of which each GPU takes a part; what is left over at the end of an epoch takes one."""
        tf, n = self._tf, len(self._gpus)
        n_rows = tf.shape(truth)[0]
        all_rows = tf.cast(n_rows, tf.float32)

        def together() -> Any:
            return self._summed(inputs, truth, all_rows)

        def apart() -> Any:
            losses, gradients = [], []
            for place, gpu in enumerate(self._gpus):
                with tf.device(gpu):
                    own = tf.nest.map_structure(lambda array, place=place: array[place::n], (inputs, truth))
                    loss, gradient = self._summed(*own, all_rows)
                losses.append(loss)
                gradients.append(gradient)
            return tf.add_n(losses), [tf.add_n(parts) for parts in zip(*gradients, strict=True)]

        loss, gradients = tf.cond(n_rows >= n, apart, together)
        self._optimizer.apply(gradients, rate)
        return loss * all_rows

    def _sum(self, inputs: Any, truth: Any, n_rows: Any) -> tuple[Any, list[Any]]:
        """What these rows, perhaps not all of a batch of `n_rows`, add to its mean loss, and the gradients of that."""
        tf = self._tf
        with tf.GradientTape() as tape:
            output, wanted = self.model(inputs, training=True), truth
            if self._has_members:
                wanted = tf.repeat(truth, output.shape[1])
                output = tf.reshape(output, (-1, *output.shape[2:]))
            share = tf.cast(tf.shape(truth)[0], tf.float32) / n_rows
            loss = tf.reduce_mean(self._loss(wanted, output)) * share
        return loss, tape.gradient(loss, self._variables)

    def _measure(self, rows: Rows) -> tuple[Any, Any]:
        inputs, truth = rows
        output = self.model(inputs, training=False)
        if self._has_members:
            output = self._tf.reduce_mean(output, 1)
        return self._loss(truth, output), output
