"""Our AdamW makes the steps of Keras' own."""

from __future__ import annotations

import numpy as np
from trained_run import write_trained_run

from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.space.architecture import Architecture, Choice
from nas_core.training.adamw import AdamW
from nas_core.training.model import build_model, speeds
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


def test_a_weight_may_make_larger_steps():
    import tensorflow as tf

    slow, fast = (tf.Variable([1.0, -2.0]) for _ in range(2))
    AdamW([slow, fast], 0.0, [1.0, 3.0]).apply([tf.constant([0.5, 0.1])] * 2, 0.01)
    moved = [variable.numpy() - [1.0, -2.0] for variable in (slow, fast)]
    assert abs(moved[0]).min() > 0
    np.testing.assert_allclose(moved[1], 3 * moved[0], rtol=1e-3)


def test_the_factors_of_members_make_them(tmp_path):
    task = "tabular_regression"
    transforms = read_json(write_trained_run(tmp_path, task).path(layout.TRANSFORMS))
    network = Architecture((Choice.of("members", count=8), Choice.of("dense", units=32, activation="relu")))
    model = build_model(network, transforms)
    found = {v.path.split("/")[0]: speed for v, speed in zip(model.trainable_variables, speeds(model), strict=True)}
    assert found["layer1_members"] > 1
    assert {speed for name, speed in found.items() if name != "layer1_members"} == {1.0}
