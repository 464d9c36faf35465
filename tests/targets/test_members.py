"""The heads behind several members: their cost, their mean, and that LiteRT takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas_core.export import litert
from nas_core.space.layers import members as layer
from nas_core.targets import members
from nas_core.targets.labels import head as labels
from nas_core.targets.values import head as values
from nas_core.training.quiet import quiet_tensorflow

UNITS = {"mean": 3.0, "std": 2.0}
LOG = {"log": {"shift": 0.5, "mean": 1.0, "std": 0.7}}
HEADS = [(values, UNITS), (values, UNITS | LOG), (labels, {"classes": ["a", "b", "c"]})]


@pytest.mark.slow
@pytest.mark.parametrize(("head", "spec"), HEADS, ids=["values", "logarithms", "labels"])
def test_a_head_takes_several_members(head: Any, spec: dict[str, Any], tmp_path: Path) -> None:
    quiet_tensorflow()
    import keras

    x = keras.Input((7,), name="numeric")
    model = keras.Model({"numeric": x}, head.build(spec, layer.apply(x, "members", count=8)))
    rows = {"numeric": np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)}
    output = model.predict(rows, verbose=0)
    each = members.each(model).predict(rows, verbose=0)
    assert output.shape == (50, *head.output_shape(spec))
    assert each.shape == (50, 8, *head.output_shape(spec))
    np.testing.assert_allclose(output, each.mean(axis=1), rtol=1e-4, atol=1e-5)
    assert np.ptp(each, axis=1).max() > 0.1
    announced = layer.cost((7,), count=8) + head.cost(spec, (8, 7))
    assert announced.parameters == sum(weight.size for weight in model.get_weights())
    litert.convert(model, tmp_path / litert.FILE)
    np.testing.assert_allclose(litert.load(tmp_path / litert.FILE)(rows), output, rtol=1e-4, atol=1e-5)
