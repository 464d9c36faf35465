"""Keras' layers for pictures with faster kernels, to learn with: this speaks TensorFlow and is imported when used.

Keras makes normalisation of some ten operations, each of which reads the whole picture again, and draws 32 random bits
for each value that dropout may leave out. In small networks both take as long as the convolutions.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

VALUES_OF_BYTE = 256


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


FUSED = {keras.layers.BatchNormalization: BatchNormalization, keras.layers.Dropout: Dropout}
