from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nas_core.errors import JobError
from nas_core.export import litert
from nas_core.export.convert import ConversionError, convert_and_compare, converted
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run, open_run

Runs = Callable[[str], Run]


@pytest.fixture
def run(trained_runs: Runs, tmp_path: Path) -> Run:
    """A run that a test may spoil."""
    return open_run(str(shutil.copytree(trained_runs("tabular_regression").folder, tmp_path / "run")))


def test_what_agrees_is_measured(run: Run, tmp_path: Path) -> None:
    convert_and_compare(run, "litert", tmp_path)
    found = read_json(tmp_path / "found.json")
    assert found["litert"]["max_difference"] <= 1e-4 >= found["keras"]["max_difference"]
    assert found["litert"]["rows"] == found["keras"]["rows"] == 202
    assert found["litert"]["bytes"] == (tmp_path / "model.tflite").stat().st_size
    assert set(found["seconds"]) == {"load", "keras", "convert", "compare"}


def test_a_model_that_is_not_the_one_measured_leaves_nothing(run: Run, tmp_path: Path) -> None:
    measured = pq.read_table(run.path(layout.PREDICTIONS))
    others = pa.table({"truth": measured["truth"], "prediction": measured["prediction"].to_numpy() + 1})
    pq.write_table(others, run.path(layout.PREDICTIONS))
    with pytest.raises(ConversionError, match="differs from what train measured"):
        convert_and_compare(run, "litert", tmp_path)
    assert not (tmp_path / "found.json").exists()


def test_a_model_that_gives_no_numbers_leaves_nothing(run: Run, tmp_path: Path) -> None:
    import keras

    model = keras.models.load_model(run.path(layout.MODEL), compile=False)
    model.get_layer("head").bias.assign([np.nan])
    model.save(run.path(layout.MODEL))
    with pytest.raises(ConversionError, match="not a number"):
        convert_and_compare(run, "litert", tmp_path)
    assert not (tmp_path / "found.json").exists()


def test_a_conversion_that_changes_the_model_leaves_keras_facts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faithful = litert.convert

    def unfaithful(model: Any, path: Path, rows: dict[str, np.ndarray]) -> None:
        model.get_layer("head").bias.assign_add([0.1])
        faithful(model, path, rows)

    monkeypatch.setattr(litert, "convert", unfaithful)
    with pytest.raises(ConversionError, match=r"differs from Keras' by 0\.1"):
        convert_and_compare(run, "litert", tmp_path)
    assert "litert" not in read_json(tmp_path / "found.json")


def test_a_child_that_takes_too_long_is_ended(run: Run, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="it took longer than 0 s"):
        converted(run.folder, "litert", tmp_path, patience=0.3)


@pytest.mark.slow
def test_a_model_file_that_is_none(run: Run, tmp_path: Path) -> None:
    run.path(layout.MODEL).write_bytes(b"no model")
    with pytest.raises(JobError, match=r"model\.keras must load and give numbers, but ValueError.*do stage train anew"):
        converted(run.folder, "litert", tmp_path)
