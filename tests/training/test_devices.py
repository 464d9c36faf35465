"""What several GPUs and low precision change, tried on processors that stand for GPUs."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from samples import prepare_sample

from nas_core.space.architecture import Architecture, Choice

pytestmark = pytest.mark.slow

# A step on two devices, and on one, of a network without normalisation over the batch: weights and losses.
APART = """
import json
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
from nas_core.training import steps
rng = np.random.default_rng(0)
rows = {"image": rng.random((37, 6, 6, 1), np.float32)}, rng.integers(0, 3, 37)
none = {"image": rows[0]["image"][:0]}, rows[1][:0]
tensors = tf.nest.map_structure(tf.constant, rows)
found = []
for devices in ([], ["/device:CPU:0", "/device:CPU:1"]):
    steps.gpus = lambda devices=devices: devices
    keras.utils.set_random_seed(0)
    image = keras.Input((6, 6, 1), name="image")
    x = keras.layers.Flatten()(keras.layers.Conv2D(4, 3, activation="relu")(image))
    model = keras.Model({"image": image}, keras.layers.Dense(3, "softmax")(x))
    loss = keras.losses.sparse_categorical_crossentropy
    made = steps.Steps(model, loss, (none, none), 12, 0.01)
    losses = [made.train(tensors, np.arange(37, dtype=np.int32), 0.01) for _ in range(3)]
    found.append((losses, np.concatenate([w.ravel() for w in model.get_weights()]).tolist()))
print(json.dumps(found))
"""


def test_two_devices_learn_what_one_learns():
    done = subprocess.run([sys.executable, "-c", APART], capture_output=True, text=True, check=True)
    (one, weights), (two, others) = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_allclose(one, two, rtol=1e-4)
    np.testing.assert_allclose(weights, others, atol=1e-4)
    assert one[-1] < one[0]


def test_in_low_precision_a_network_learns_and_its_weights_and_outputs_stay_exact(tmp_path, monkeypatch):
    from nas_core.data.folds import make_folds
    from nas_core.training import devices
    from nas_core.training.fit import fit_folds, predict
    from nas_core.training.pace import Plan
    from nas_core.training.transfer import fast_model, new_model

    monkeypatch.setattr(devices, "is_low_precision_fast", lambda: True)
    data = prepare_sample(tmp_path, "image_classification")
    layers = (("conv", {"filters": 16, "kernel": 5, "stride": 2}), ("global_pooling", {"of": "max"}))
    network = Architecture(tuple(Choice.of(kind, **params) for kind, params in layers))
    (fitted,) = fit_folds(lambda _: fast_model(network, data), data, make_folds(data, 1), Plan(20, 0, 0.005), seed=0)
    assert fitted.model.get_layer("layer1_conv_conv").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in fitted.model.get_weights()} == {np.dtype("float32")}
    test, exact = data.split("test"), new_model(network, data)
    exact.set_weights(fitted.model.get_weights())
    assert exact.get_layer("layer1_conv_conv").compute_dtype == "float32"
    said, exactly = predict(fitted.model, test), predict(exact, test)
    assert said.dtype == np.float32
    assert np.abs(said - exactly).max() < 0.1
    assert (exactly.argmax(axis=1) == test.target).mean() > 0.8
