"""Our AdamW makes the steps of Keras' own."""

from __future__ import annotations

import numpy as np

from nas_core.training.adamw import AdamW
from nas_core.training.quiet import quiet_tensorflow

quiet_tensorflow()


def test_it_makes_the_steps_of_keras():
    import keras
    import tensorflow as tf

    rng = np.random.default_rng(0)
    first = [rng.normal(size=shape).astype("float32") for shape in ((3, 2), (5, 4))]
    own, theirs = ([keras.Variable(values) for values in first] for _ in range(2))
    ours, keras_own = AdamW([v.value for v in own], decay=0.1), keras.optimizers.AdamW(0.1, weight_decay=0.1)
    for _ in range(2):
        for rate in (0.1, 0.05, 0.02):
            # Of an embedding: rows of which one comes twice.
            rows = tf.IndexedSlices(tf.constant(rng.normal(size=(3, 4)), tf.float32), tf.constant([1, 4, 1]), (5, 4))
            gradients = [tf.constant(rng.normal(size=(3, 2)), tf.float32), rows]
            ours.apply(gradients, rate)
            keras_own.learning_rate = rate
            keras_own.apply(gradients, theirs)
            for mine, other in zip(own, theirs, strict=True):
                np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-5, atol=1e-6)
        ours.reset()
        keras_own = keras.optimizers.AdamW(0.1, weight_decay=0.1)
