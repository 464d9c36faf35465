"""The layers of a bank on a core."""

import numpy as np
import pytest
import torch
from samples import prepare_sample

from nas_core.data.folds import make_folds
from nas_core.evaluation.direct.layers import LANES
from nas_core.evaluation.direct.network import Network
from nas_core.evaluation.direct.stem import Inputs
from nas_core.evaluation.frame import make_frame
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.build import steps_of
from nas_core.training.pace import Plan

NORMS = [Choice.of("normalization", over=over) for over in ("batch", "row")]
ACTIVATIONS = ("relu", "silu", "tanh", "prelu")


@pytest.mark.parametrize("norm", NORMS, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@torch.inference_mode()
def test_what_is_more_than_a_network_has_stays_zero(tmp_path, norm, activation):
    data = prepare_sample(tmp_path, "tabular_classification")
    frame = make_frame(data, make_folds(data, 1), Plan(1, 16, 0.01))
    inputs, rng = Inputs(frame), np.random.default_rng(0)
    assert frame.width % LANES
    narrow = Choice.of("dense", units=LANES + 1, activation=activation)
    residual, dropout = Choice.of("residual", activation="relu"), Choice.of("dropout", rate=0.25)
    network = Architecture((norm, Choice.of("gate"), residual, dropout, narrow, norm, narrow))
    trained = Network(inputs, steps_of(network, (frame.width,)), {}, rng)
    first = trained.named()
    for batch in inputs.rows.split(frame.batch_size):
        trained.learn(batch, 0.01)
    assert all((trained.named()[name] != first[name]).any() for name in trained.weights.gradient if name in first)
    for name, value in trained.weights.value.items():
        value[trained.weights.exact[name]] = 0
        assert not value.any(), name
