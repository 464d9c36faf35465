"""Every layer builds the shape that it announced, at the cost that it announced."""

from __future__ import annotations

import math

import pytest

from nas_core.space.layer import LAYERS, load_layer

CHOICES = [choice for kind in LAYERS for choice in load_layer(kind).CHOICES]
SHAPES = [(7,), (33,), (4, 7)]  # the last one: four members


@pytest.mark.slow
@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_a_layer_builds_what_it_announced(choice):
    import keras

    layer, params = load_layer(choice.kind), dict(choice.params)
    for shape in SHAPES:
        announced = layer.output_shape(shape, **params)
        if announced is None:
            assert (choice.kind, shape) == ("members", (4, 7))
            continue
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
