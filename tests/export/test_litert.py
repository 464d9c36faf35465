from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from nas_core.export import agreement, keras, litert
from nas_core.runs import layout
from nas_core.runs.run import Run
from nas_core.space.architecture import Architecture, Choice
from nas_core.space.layer import load_layer
from nas_core.tasks.registry import load_part
from nas_core.training.model import build_model

ROWS = pa.table(
    {
        "x": [f"{(i * 37) % 100}.5" if i % 7 else "" for i in range(60)],
        "colour": [("red", "green", "blue")[i % 3] if i % 5 else "" for i in range(60)],
        "shape": ["round" if i % 2 else "square" for i in range(60)],
        "ring": ["in" if i % 4 else "out" for i in range(60)],
    }
)
LAYERS = [choice for kind in ("dense", "residual", "normalization", "dropout") for choice in load_layer(kind).CHOICES]


def transforms_of(columns: dict[str, str], task: str = "tabular_classification", target: str = "ring") -> Any:
    features = [{"name": name, "type": kind} for name, kind in columns.items()]
    learned = load_part(task, "input", "transform").fit(features, ROWS)
    return {"task": task, "input": learned, "target": load_part(task, "target", "encode").fit(target, ROWS[target])}


@pytest.mark.parametrize(
    "columns",
    [
        {"x": "numeric"},
        {"colour": "categorical", "shape": "categorical"},
        {"x": "numeric", "colour": "categorical", "shape": "categorical"},
    ],
    ids=["numbers", "categories", "both"],
)
def test_what_was_converted_agrees_with_keras(columns: dict[str, str], tmp_path: Path) -> None:
    transforms = transforms_of(columns)
    model = build_model(Architecture((Choice.of("dense", units=16, activation="relu"),)), transforms)
    inputs = load_part("tabular_classification", "input", "transform").apply(transforms["input"], ROWS)
    litert.convert(model, tmp_path / litert.FILE)
    output, expected = litert.load(tmp_path / litert.FILE)(inputs), keras.forward_of(model)(inputs)
    assert output.shape == (60, 2)
    assert agreement.difference(output, expected, 1.0) < 1e-6


def test_every_choice_of_the_vocabulary_can_be_converted(tmp_path: Path) -> None:
    transforms = transforms_of({"x": "numeric", "colour": "categorical"})
    one_of_each = {
        (choice.kind, *choice.params): choice for choice in LAYERS if dict(choice.params).get("units", 0) < 64
    }
    model = build_model(Architecture(tuple(one_of_each.values())), transforms)
    inputs = load_part("tabular_classification", "input", "transform").apply(transforms["input"], ROWS)
    litert.convert(model, tmp_path / litert.FILE)
    output = litert.load(tmp_path / litert.FILE)(inputs)
    assert agreement.difference(output, keras.forward_of(model)(inputs), 1.0) < 1e-5


def test_any_number_of_rows_goes_through(trained_runs: Callable[[str], Run], tmp_path: Path) -> None:
    run = trained_runs("tabular_classification")
    litert.convert(keras.load_model(run.path(layout.MODEL)), tmp_path / litert.FILE)
    forward = litert.load(tmp_path / litert.FILE)
    inputs = {n: np.load(run.path(layout.ARRAYS) / f"test_{n}.npy") for n in ("numeric", "categorical")}
    whole = forward(inputs)
    for n in (1, 7, 100):
        assert np.allclose(forward({name: a[:n] for name, a in inputs.items()}), whole[:n], atol=1e-6)
    assert np.allclose(agreement.in_batches(forward, inputs, size=33), whole, atol=1e-6)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / litert.FILE).write_bytes(b"no model")
    with pytest.raises(ValueError):
        litert.load(tmp_path / litert.FILE)


MIXED = Architecture(
    (
        Choice.of("conv", filters=16, kernel=5, stride=2),
        *(Choice.of("conv_residual", excite=excite, drop=True) for excite in (False, True)),
        Choice.of("depthwise", kernel=5, stride=1),
        Choice.of("separable", filters=64, stride=2),
        Choice.of("inverted", filters=64, stride=1),
    )
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "architecture", [MIXED, Architecture((Choice.of("backbone", alpha=0.35, blocks=17),))], ids=["mixed", "backbone"]
)
def test_a_network_of_pictures_can_be_converted(architecture: Architecture, tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (12, 36, 32, 1)).astype(np.uint8)
    learned = {"shape": [36, 32, 1], "mean": [128.0], "std": [74.0]}
    target = {"classes": ["a", "b", "c"], "positive": None}
    transforms = {"task": "image_classification", "input": learned, "target": target}
    model = build_model(architecture, transforms)
    expected = keras.forward_of(model)({"image": pictures})
    litert.convert(model, tmp_path / litert.FILE)
    output = litert.load(tmp_path / litert.FILE)({"image": pictures})
    assert agreement.difference(output, expected, 1.0) < 1e-4
