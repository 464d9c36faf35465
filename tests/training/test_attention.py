"""Where a network of pictures looked."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np

from nas_core.data.prepared import Split
from nas_core.training.attention import N_RIGHT, N_WRONG, measure_attention


def network() -> keras.Model:
    """Says class 1 where the upper left is bright, 0 else: one channel for dark places, one for bright ones."""
    image = keras.Input((12, 12, 1), name="image")
    x = keras.layers.Conv2D(2, 3, padding="same", activation="relu", name="layer1_conv")(image)
    x = keras.layers.AveragePooling2D(2, name="layer2_pooling")(x)
    x = keras.layers.Flatten(name="layer3_flatten")(x)
    model = keras.Model({"image": image}, keras.layers.Softmax()(keras.layers.Dense(2, name="head")(x)))
    kernel = np.zeros((3, 3, 1, 2))
    kernel[1, 1, 0, 1] = 1
    matrix = np.zeros((6, 6, 2, 2))
    matrix[:3, :3, 1, 1] = 1
    model.set_weights([kernel, np.zeros(2), matrix.reshape(72, 2), np.array([2.0, 0.0])])
    return model


class Data:
    """Forty pictures, half of them bright in the upper left."""

    schema = {"task": "image_classification"}  # noqa: RUF012

    def split(self, _: str) -> Split:
        pictures = np.zeros((40, 12, 12, 1), np.float32)
        pictures[20:, 1:4, 1:4] = 5
        return Split({"image": pictures}, np.repeat([0, 1], 20))


def test_it_looked_where_the_answer_is():
    output = np.repeat(np.array([[0.9, 0.1], [0.2, 0.8]]), 20, axis=0)
    output[25:28] = 0.6, 0.4  # wrong, as said
    found = measure_attention([network()], Data(), output)
    assert set(found["rows"][:3]) == {25, 26, 27} and found["is_wrong"].sum() == 3
    assert len(found["rows"]) == 3 + N_RIGHT and N_WRONG >= 3
    bright = found["maps"][found["rows"] >= 20]
    assert bright.shape[1:] == (6, 6) and bright.dtype == np.uint8
    assert (bright[:, :2, :2].max(axis=(1, 2)) == 255).all()
    assert bright[:, 3:].max() == 0 and bright[:, :, 3:].max() == 0


def test_without_a_layer_of_pictures_there_is_nothing():
    image = keras.Input((12, 12, 1), name="image")
    flat = keras.layers.Dense(2, name="head")(keras.layers.Flatten(name="layer1_flatten")(image))
    assert measure_attention([keras.Model({"image": image}, flat)], SimpleNamespace(), np.zeros((4, 2))) == {}
