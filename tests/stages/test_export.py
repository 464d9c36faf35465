from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from nas_core.errors import JobError
from nas_core.export.predict import predict
from nas_core.runs import layout
from nas_core.runs.copy import copy_results
from nas_core.runs.run import Run, open_run
from nas_core.stage import execute, is_done

Runs = Callable[[str], Run]


def copy_of(run: Run, folder: Path) -> Run:
    return open_run(str(shutil.copytree(run.folder, folder)))


@pytest.mark.slow
@pytest.mark.parametrize("task", ["tabular_classification", "tabular_regression"])
def test_an_export_is_whole_and_predicts_wherever_it_is_copied(task: str, trained_runs: Runs, tmp_path: Path) -> None:
    run = copy_of(trained_runs(task), tmp_path / "run")
    report = execute("export", run)
    files = {"model.keras", "model.tflite", "schema.json", "transforms.json", "calibration.json"}
    files |= {"agreement.json", "MODEL_CARD.md"}
    assert set(report["files"]) == files | {"manifest.json"}
    assert set(json.loads(run.path(layout.MANIFEST).read_text())["files"]) == files
    agreement = json.loads(run.path(layout.AGREEMENT).read_text())
    for name in ("keras", "litert"):
        assert set(agreement[name]) == {"bytes", "max_difference", "rows", "latency_ms", "rows_per_second"}
        assert agreement[name]["max_difference"] <= 1e-4
        assert agreement[name]["rows"] == 202
    assert report["metrics"]["agreement"] == agreement

    copy_results(run, str(tmp_path / "to"))
    answer = predict(tmp_path / "to/export", pq.read_table(run.path(layout.TEST_ROWS)))
    measured = pq.read_table(run.path(layout.PREDICTIONS))
    if task == "tabular_classification":
        assert answer["prediction"].to_pylist() == measured["prediction"].to_pylist()
    else:
        assert np.allclose(answer["prediction"], measured["prediction"], rtol=1e-4)
        width = np.subtract(answer["prediction_high"], answer["prediction_low"])
        margin = json.loads(run.path(layout.CALIBRATION).read_text())["margin"]
        assert np.allclose(width, 2 * margin * json.loads(run.path(layout.TRANSFORMS).read_text())["target"]["std"])


@pytest.mark.slow
@pytest.mark.usefixtures("endpoint")
def test_a_run_on_s3_is_exported_and_copied_to_s3(
    trained_runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = open_run("s3://bucket/runs/one")
    shutil.copytree(trained_runs("tabular_regression").folder, here.folder)
    for part in ("job.json", "prepare", "train"):
        here.store.push(part)
    monkeypatch.setenv("NAS_SCRATCH", str(tmp_path / "elsewhere"))
    there = open_run("s3://bucket/runs/one")
    execute("export", there)
    copy_results(there, "s3://bucket/to")
    answers = []
    for address in ("s3://bucket/to", "s3://bucket/runs/one"):
        monkeypatch.setenv("NAS_SCRATCH", str(tmp_path / "third"))
        run = open_run(address)
        run.store.pull(layout.EXPORT)
        answers.append(predict(run.path(layout.EXPORT), pq.read_table(there.path(layout.TEST_ROWS))))
    assert answers[0].equals(answers[1]) and answers[0].num_rows == 100


@pytest.mark.slow
def test_a_format_that_fails_loses_neither_keras_nor_the_reason(
    trained_runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A converter that crashes the process, as TensorFlow's does for some networks."""
    (tmp_path / "crash").mkdir()
    (tmp_path / "crash/sitecustomize.py").write_text(
        "import nas_core.export.litert as litert, os, signal\n"
        "litert.convert = lambda model, path, rows: os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "crash"))
    run = copy_of(trained_runs("tabular_regression"), tmp_path / "run")
    report = execute("export", run)
    assert is_done("export", run)
    agreement = report["metrics"]["agreement"]
    assert agreement["litert"] == {"error": "its process was ended by SIGSEGV"}
    assert agreement["keras"]["max_difference"] <= 1e-4
    assert "there is no model.tflite, because its process was ended by SIGSEGV" in caplog.text
    assert "model.keras" in report["files"] and "model.tflite" not in report["files"]
    assert "ended by SIGSEGV" in run.path("export/MODEL_CARD.md").read_text()
    with pytest.raises(JobError, match="SIGSEGV"):
        predict(run.path(layout.EXPORT), pq.read_table(run.path(layout.TEST_ROWS)))
