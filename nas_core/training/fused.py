"""Keras' layers for pictures with faster kernels, to learn with on a processor: this is imported when used.

Keras makes normalisation of some ten operations, each of which reads the whole picture again, and draws 32 random bits
for each value that dropout may leave out; a processor finds the gradients of kernels of up to three columns at once. In
small networks these take as long as the convolutions.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

VALUES_OF_BYTE = 256
COLUMNS = 3  # of a depthwise kernel, the gradient of which is found at once


def fuse(model: Any) -> None:
    """Let the layers of `model` learn by the kernels below; its weights, and what it gives when used, stay."""
    for layer in model.layers:
        layer.__class__ = FUSED.get(type(layer), type(layer))


class BatchNormalization(keras.layers.BatchNormalization):
    """Normalisation over the batch (Ioffe & Szegedy 2015) in one kernel, and one for the way back, of pictures."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """As Keras', but for rounding."""
        if not (training and self.trainable and len(inputs.shape) == 4):
            return super().call(inputs, training=training, mask=mask)
        kernel = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=self.epsilon,
            is_training=True,
        )
        n = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
        variance = kernel.batch_variance * (n - 1) / n  # the kernel's is that of a sample
        for moving, new in ((self.moving_mean, kernel.batch_mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1 - self.momentum))
        return kernel.y


class Dropout(keras.layers.Dropout):
    """Dropout (Srivastava et al., JMLR 2014) by one random byte a value: its rate is rounded to 1/256."""

    def call(self, inputs: Any, training: bool = False) -> Any:
        """As Keras', but for chance."""
        if not training or self.noise_shape is not None:
            return super().call(inputs, training=training)
        size, n_dropped = tf.size(inputs), round(VALUES_OF_BYTE * self.rate)
        words = tf.random.stateless_uniform([(size + 3) // 4], self.seed_generator.next(), None, None, tf.uint32)
        noise = tf.reshape(tf.reshape(tf.bitcast(words, tf.uint8), [-1])[:size], tf.shape(inputs))
        kept = tf.cast(noise >= tf.constant(n_dropped, tf.uint8), inputs.dtype)
        return inputs * kept * (VALUES_OF_BYTE / (VALUES_OF_BYTE - n_dropped))


class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    """A convolution of each channel by itself; the gradient of a wide kernel is put together from narrow ones."""

    def call(self, inputs: Any) -> Any:
        """As Keras'."""
        is_plain = not self.use_bias and self.padding == "same" and self.depth_multiplier == 1
        if not is_plain or self.kernel_size[1] <= COLUMNS:
            return super().call(inputs)
        return _depthwise(inputs, tf.convert_to_tensor(self.kernel), (1, *self.strides, 1))


def _depthwise(inputs: Any, kernel: Any, strides: tuple[int, ...]) -> Any:
    def convolved(inputs: Any, kernel: Any) -> tuple[Any, Any]:
        def gradients(output: Any) -> tuple[Any, Any]:
            form = {"strides": strides, "padding": "SAME"}
            back = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
                input_sizes=tf.shape(inputs), filter=kernel, out_backprop=output, **form
            )
            return back, _of_kernel(inputs, kernel.shape, output, strides)

        return tf.nn.depthwise_conv2d(inputs, kernel, strides, "SAME"), gradients

    return tf.custom_gradient(convolved)(inputs, kernel)


def _of_kernel(inputs: Any, shape: Any, output: Any, strides: tuple[int, ...]) -> Any:
    """The gradient of a kernel of `shape`, (height, width, channels, 1), some columns at a time."""
    heights, widths = (_reach(inputs.shape[i], shape[i - 1], output.shape[i], strides[i]) for i in (1, 2))
    padded = tf.pad(inputs, ((0, 0), heights, widths, (0, 0)))
    last = (output.shape[2] - 1) * strides[2]
    parts = []
    for column in range(0, shape[1], COLUMNS):
        n = min(COLUMNS, shape[1] - column)
        parts.append(
            tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=padded[:, :, column : column + last + n],
                filter_sizes=(shape[0], n, *shape[2:]),
                out_backprop=output,
                strides=strides,
                padding="VALID",
            )
        )
    return tf.concat(parts, 1)


def _reach(side: int, kernel: int, n_places: int, stride: int) -> tuple[int, int]:
    """By how much a kernel at `n_places` reaches beyond `side` pixels, before and behind."""
    beyond = max(0, (n_places - 1) * stride + kernel - side)
    return beyond // 2, beyond - beyond // 2


FUSED = {
    keras.layers.BatchNormalization: BatchNormalization,
    keras.layers.DepthwiseConv2D: DepthwiseConv2D,
    keras.layers.Dropout: Dropout,
}
