"""What a layer is worth in a network whose layers are made to matter, or not."""

from __future__ import annotations

import numpy as np
import pytest
from samples import prepare_sample

from nas_core.data.prepared import Prepared
from nas_core.runs import layout
from nas_core.space.architecture import Architecture, Choice
from nas_core.training.ablation import measure_ablation
from nas_core.training.model import build_model

BENT, STRAIGHT = Choice.of("dense", units=32, activation="tanh"), Choice.of("dense", units=32, activation="relu")
NETWORK = Architecture((Choice.of("members", count=8), BENT, Choice.of("dropout", rate=0.25), STRAIGHT))


@pytest.fixture
def data(tmp_path) -> Prepared:
    return prepare_sample(tmp_path, "tabular_regression")


def test_a_layer_is_worth_what_no_linear_map_can_do(data):
    import keras

    keras.utils.set_random_seed(0)
    model = build_model(NETWORK, data.transforms)
    weights, bias = model.get_layer("layer2_dense").get_weights()
    model.get_layer("layer2_dense").set_weights([8 * weights, bias])  # far into the bends
    weights, bias = model.get_layer("layer4_dense").get_weights()
    model.get_layer("layer4_dense").set_weights([weights, bias + 100])  # never at its bend
    truth = model(data.split("test").inputs, training=False)
    np.save(data.run.path(layout.ARRAYS) / "test_target.npy", np.asarray(truth)[:, 0])
    bent, dropout, straight = measure_ablation([model], NETWORK, data, 60)
    assert [each["layer"] for each in (bent, dropout, straight)] == [2, 3, 4]  # the members change the form
    assert bent["fall"] > 100 * max(abs(dropout["fall"]), abs(straight["fall"]))
    assert bent["fall"] > 3 * bent["std"] > 0
    assert measure_ablation([model], NETWORK, data, 0) == []


def test_a_table_of_numbers_only_has_an_input_without_columns(tmp_path):
    data = prepare_sample(tmp_path, "tabular_regression", exclude_columns=["site"])
    assert 0 in {array.shape[-1] for array in data.split("test").inputs.values()}
    network = Architecture((BENT,))
    (only,) = measure_ablation([build_model(network, data.transforms)], network, data, 60)
    assert only["layer"] == 1
