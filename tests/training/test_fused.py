"""The kernels that pictures learn by: as Keras' layers, but faster."""

from __future__ import annotations

import numpy as np
import pytest


def build(layer, shape=(5, 7, 8)):
    import keras

    return keras.Sequential([keras.Input(shape), layer])


def test_fused_normalization_gives_what_keras_gives():
    import keras
    import tensorflow as tf

    from nas_core.training.fused import fuse

    rng = np.random.default_rng(0)
    weights = [rng.uniform(0.5, 2, 8), *rng.normal(size=(2, 8)), rng.uniform(0.5, 2, 8)]
    pictures, wanted = (tf.constant(rng.normal(2, 3, (3, 5, 7, 8)), tf.float32) for _ in range(2))
    found = []
    for is_fused in (False, True):
        model = build(keras.layers.BatchNormalization(momentum=0.9))
        model.set_weights(weights)
        if is_fused:
            fuse(model)
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            output = model(pictures, training=True)
            loss = tf.reduce_mean((output - wanted) ** 2)
        gradients = tape.gradient(loss, [pictures, *(v.value for v in model.trainable_variables)])
        found.append([output, *gradients, *model.get_weights(), model(pictures, training=False)])
    assert len(found[0]) == 9  # gradients of three, four weights, two outputs
    for plain, fused in zip(*found, strict=True):
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("side", "kernel", "stride"), [(7, 5, 1), (8, 5, 2), (9, 5, 2), (3, 5, 2), (6, 7, 1)])
def test_a_wide_depthwise_kernel_learns_as_in_keras(side, kernel, stride):
    import keras
    import tensorflow as tf

    from nas_core.training.fused import fuse

    pictures = tf.random.stateless_normal((3, side, side + 1, 4), (0, 1))
    model = build(
        keras.layers.DepthwiseConv2D(kernel, strides=stride, padding="same", use_bias=False), (side, side + 1, 4)
    )
    found = []
    for _ in range(2):
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            output = model(pictures, training=True)
            loss = tf.reduce_sum(output**2)
        found.append([output, *tape.gradient(loss, [pictures, model.trainable_variables[0].value])])
        fuse(model)
    for plain, fused in zip(*found, strict=True):
        np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-4)


def test_a_frozen_normalization_stays_as_it_is():
    import keras

    from nas_core.training.fused import fuse

    model = build(keras.layers.BatchNormalization(trainable=False))
    fuse(model)
    pictures = np.random.default_rng(0).normal(3, 2, (4, 5, 7, 8)).astype(np.float32)
    before = model.get_weights()
    np.testing.assert_allclose(model(pictures, training=True), model(pictures, training=False))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_fused_dropout_drops_the_share_that_was_asked_for_and_keeps_the_mean():
    import keras

    from nas_core.training.fused import fuse

    ones = np.ones((64, 5, 7, 7), np.float32)  # not a multiple of four values
    for rate in (0.1, 0.25, 0.5):
        model = build(keras.layers.Dropout(rate, seed=1), (5, 7, 7))
        fuse(model)
        one, other = (np.asarray(model(ones, training=True)) for _ in range(2))
        assert abs((one == 0).mean() - rate) < 0.02
        assert abs(one.mean() - 1) < 0.02
        assert 0.5 * rate < ((one == 0) != (other == 0)).mean()  # each time others
        np.testing.assert_array_equal(model(ones, training=False), ones)


def test_a_fused_normalization_of_vectors_gives_what_keras_gives():
    import keras

    from nas_core.training.fused import fuse

    rows, found = np.random.default_rng(0).normal(3, 2, (16, 8)).astype(np.float32), []
    for is_fused in (False, True):
        model = build(keras.layers.BatchNormalization(), (8,))
        if is_fused:
            fuse(model)
        found.append([model(rows, training=True), *model.get_weights()])
    for plain, fused in zip(*found, strict=True):
        np.testing.assert_array_equal(fused, plain)
