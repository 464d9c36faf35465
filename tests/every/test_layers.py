"""Every layer builds the shape that it announced, at the cost that it announced."""

from __future__ import annotations

import math

import pytest

from nas_core.space.layer import LAYERS, load_layer

CHOICES = [choice for kind in LAYERS for choice in load_layer(kind).CHOICES]
SHAPES = [(7,), (33,), (4, 7), (9, 12, 8), (2, 3, 40), (32, 45, 1)]  # vectors, four members, pictures


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_a_layer_builds_what_it_announced(choice):
    import keras

    layer, params = load_layer(choice.kind), dict(choice.params)
    fitting = [shape for shape in SHAPES if layer.output_shape(shape, **params) is not None]
    assert {len(shape) for shape in fitting} & {1, 3}
    for shape in fitting:
        announced = layer.output_shape(shape, **params)
        x = keras.Input(shape)
        model = keras.Model(x, layer.apply(x, "layer1", **params))
        assert model.output_shape[1:] == announced
        assert sum(math.prod(w.shape) for w in model.trainable_weights) == layer.cost(shape, **params).parameters
        assert all(name.startswith("layer1") for name in (part.name for part in model.layers[1:]))


@pytest.mark.parametrize("kind", LAYERS)
def test_a_kind_offers_choices_of_its_own(kind):
    choices = load_layer(kind).CHOICES
    assert choices
    assert {choice.kind for choice in choices} == {kind}
    assert len(set(choices)) == len(choices)
