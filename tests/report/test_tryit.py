"""The network as formulas of a spreadsheet, computed by LibreOffice and held against Keras."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_run import MakeRun
from openpyxl import Workbook, load_workbook
from trained_run import write_trained_run

from nas_core.report.excel import tryit
from nas_core.report.excel.style import add_styles
from nas_core.report.facts import read_facts
from nas_core.report.playable import read_playable
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_json
from nas_core.runs.run import Run
from nas_core.space.architecture import Architecture, Choice
from nas_core.training.model import average_models, build_model, calibrated, copies_of_weights, write_weights

LAYERS = (
    Choice.of("dense", units=32, activation="tanh"),
    Choice.of("normalization", over="batch"),
    Choice.of("residual", activation="silu"),
    Choice.of("gate"),
    Choice.of("dense", units=32, activation="prelu"),
    Choice.of("dropout", rate=0.1),
    Choice.of("normalization", over="row"),
    Choice.of("dense", units=32, activation="relu"),
)


MEMBERS = (Choice.of("members", count=8), *LAYERS[2:])


def with_weights(run: Run, networks: Sequence[tuple[Choice, ...]], n_copies: int) -> Any:
    """Leave what train leaves of the mean of `networks`, which have every kind of layer; returns the model."""
    import keras

    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(0)
    transforms = read_json(run.path(layout.TRANSFORMS))
    transforms["input"]["numeric"]["edges"][1] = [-1.5, -0.5, 0.25, 1.0]  # as a table with more rows has them
    write_json(run.path(layout.TRANSFORMS), transforms)
    architectures = [Architecture(layers) for layers in networks]
    models = [build_model(each, transforms) for each in architectures for _ in range(n_copies)]
    for model in models:
        model.set_weights([w + rng.uniform(-0.25, 0.25, w.shape) for w in model.get_weights()])
    layers = [{"layer": c.kind, "params": dict(c.params)} for c in architectures[0]]
    others = [each.to_json() for each in architectures[1:]]
    write_json(run.path(layout.ARCHITECTURE), {"layers": [{}, *layers, {}], "others": others})
    model = average_models(models)
    write_weights(copies_of_weights(model), run.path(layout.WEIGHTS_OF_WINNER))
    return calibrated(model, transforms, read_json(run.path(layout.CALIBRATION)))


def inputs_of(run: Run) -> dict[str, np.ndarray]:
    return {n: np.load(run.path(layout.ARRAYS) / f"test_{n}.npy") for n in ("numeric", "categorical")}


def in_an_office(path: Path, folder: Path) -> Any:
    order = ["soffice", f"-env:UserInstallation=file://{folder}/office", "--headless", "--convert-to"]
    order += ["xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder / "out"), str(path)]
    subprocess.run(order, check=True, capture_output=True, timeout=180)
    return load_workbook(folder / "out" / path.name, data_only=True)["Try it"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
@pytest.mark.parametrize(
    ("task", "networks", "n_copies"),
    [("tabular_classification", [LAYERS, MEMBERS, ()], 2), ("tabular_regression", [MEMBERS], 1)],
)
def test_formulas_say_what_keras_says(
    make_run: MakeRun, tmp_path: Path, task: str, networks: Sequence[tuple[Choice, ...]], n_copies: int
) -> None:
    run = write_trained_run(tmp_path / "trained", task)
    model, arrays = with_weights(run, networks, n_copies), inputs_of(run)
    said = model.predict(arrays, verbose=0)
    facts = read_facts(make_run("labels", 3))
    for row in (0, 7):
        for name, array in arrays.items():  # the row to be shown first
            np.save(run.path(layout.ARRAYS) / f"test_{name}.npy", array[row:])
        np.savez(run.path(layout.TEST_OUTPUTS), network=said[row:])
        playable, book = read_playable(run), Workbook()
        assert playable is not None
        add_styles(book)
        tryit.add_sheet(book, facts, playable)
        book.save(tmp_path / f"{row}.xlsx")
        sheet = in_an_office(tmp_path / f"{row}.xlsx", tmp_path)
        shown = [(now, then) for *_, now, then in sheet.iter_rows(min_col=4, max_col=6, values_only=True)]
        numbers = [pair for pair in shown if isinstance(pair[0], int | float)]
        assert len(numbers) == said.shape[1]
        for now, then in numbers:
            assert now == pytest.approx(then, rel=2e-4, abs=2e-4)


def test_of_a_large_network_the_sheet_says_that_it_is(make_run: MakeRun) -> None:
    run = make_run("labels", 3)
    assert read_playable(run) is None
    book = Workbook()
    add_styles(book)
    tryit.add_sheet(book, read_facts(run), None)
    assert "too large" in book["Try it"]["A4"].value
