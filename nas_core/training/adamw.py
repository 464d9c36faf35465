"""AdamW (Loshchilov & Hutter, ICLR 2019) as Keras computes it, one kernel a weight in place of some twenty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7

Learned = Sequence[Any]  # a weight and its two moments


class AdamW:
    """Moments of `variables` (of TensorFlow) and what a step does with them.

    `decay` is the weight decay, `speeds` are what each variable's step is multiplied with.
    """

    def __init__(self, variables: Sequence[Any], decay: float, speeds: Sequence[float] | None = None) -> None:
        import tensorflow as tf

        self._tf, self._variables, self._decay = tf, variables, decay
        self._speeds = speeds or [1.0] * len(variables)
        self._first, self._second = ([tf.Variable(tf.zeros_like(v)) for v in variables] for _ in range(2))
        self._n_steps = tf.Variable(0.0)

    def reset(self) -> None:
        """Forget all steps."""
        for variable in (*self._first, *self._second, self._n_steps):
            variable.assign(self._tf.zeros_like(variable))

    def apply(self, gradients: Sequence[Any], rate: Any) -> None:
        """Make a step of size `rate`."""
        n_steps = self._n_steps.assign_add(1.0)
        powers = BETA_1**n_steps, BETA_2**n_steps
        for variable, speed, first, second, gradient in zip(
            self._variables, self._speeds, self._first, self._second, gradients, strict=True
        ):
            variable.assign_sub(variable * (self._decay * rate))
            step = self._step_of_rows if isinstance(gradient, self._tf.IndexedSlices) else self._step
            step(variable, first, second, gradient, rate * speed, powers)

    def _step(self, variable: Any, first: Any, second: Any, gradient: Any, rate: Any, powers: Any) -> None:
        self._tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=first.handle,
            v=second.handle,
            beta1_power=powers[0],
            beta2_power=powers[1],
            lr=rate,
            beta1=BETA_1,
            beta2=BETA_2,
            epsilon=EPSILON,
            grad=gradient,
        )

    def _step_of_rows(self, variable: Any, first: Any, second: Any, gradient: Any, rate: Any, powers: Any) -> None:
        """Of an embedding, the gradient of which has a row for each code of the batch, again and again.

        Keras squares these rows before it adds up what belongs to one code, which makes for larger steps.
        """
        tf = self._tf
        for moment, beta, values in (
            (first, BETA_1, gradient.values),
            (second, BETA_2, tf.square(gradient.values)),
        ):
            moment.assign(moment * beta)
            moment.scatter_add(tf.IndexedSlices(values * (1 - beta), gradient.indices))
        size = rate * tf.sqrt(1 - powers[1]) / (1 - powers[0])
        variable.assign_sub(size * first / (tf.sqrt(second) + EPSILON))


def stepped(
    weight: Learned, gradient: Any, rate: Any, decay: float, n_steps: Any, squares: Any = None
) -> tuple[Any, Any, Any]:
    """A weight and its two moments after the step `n_steps`.

    For an embedding `squares` is the sum of the squared gradients of the rows (see :class:`AdamW`).
    """
    import tensorflow as tf

    value, first, second = weight
    first = first + (gradient - first) * (1 - BETA_1)
    second = second + ((gradient * gradient if squares is None else squares) - second) * (1 - BETA_2)
    step = rate * tf.sqrt(1 - BETA_2**n_steps) / (1 - BETA_1**n_steps)
    return value * (1 - decay * rate) - step * first / (tf.sqrt(second) + EPSILON), first, second
