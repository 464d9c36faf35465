from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nas_core.errors import JobError
from nas_core.export import keras, litert
from nas_core.export.manifest import manifest
from nas_core.export.predict import predict, write_csv
from nas_core.runs import layout
from nas_core.runs.records import write_json
from nas_core.runs.run import Run

Runs = Callable[[str], Run]


@pytest.fixture(scope="module")
def exports(trained_runs: Runs, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give a task's name, get an export folder of it, away from its run."""
    made: dict[str, Path] = {}

    def export(task: str) -> Path:
        if task not in made:
            run, folder = trained_runs(task), tmp_path_factory.mktemp("export")
            litert.convert(keras.load_model(run.path(layout.MODEL)), folder / litert.FILE)
            shutil.copy(run.path(layout.TRANSFORMS), folder)
            write_json(folder / "manifest.json", manifest(run, folder))
            made[task] = folder
        return made[task]

    return export


@pytest.fixture
def folder(exports: Callable[[str], Path], tmp_path: Path) -> Path:
    """An export that a test may spoil."""
    return shutil.copytree(exports("tabular_classification"), tmp_path / "export")


@pytest.mark.parametrize("task", ["tabular_classification", "tabular_regression"])
def test_raw_rows_get_what_train_measured(task: str, trained_runs: Runs, exports: Callable[[str], Path]) -> None:
    run = trained_runs(task)
    measured = pq.read_table(run.path(layout.PREDICTIONS))
    answer = predict(exports(task), pq.read_table(run.path(layout.TEST_ROWS)))
    assert answer.column_names == measured.column_names[1:]
    for name in answer.column_names:
        found, expected = answer[name].to_pylist(), measured[name].to_pylist()
        assert found == expected if isinstance(expected[0], str) else np.allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_order_of_rows_and_columns_and_further_columns_do_not_matter(folder: Path, trained_runs: Runs) -> None:
    rows = pq.read_table(trained_runs("tabular_classification").path(layout.TEST_ROWS))
    backwards = rows.take(list(range(rows.num_rows))[::-1]).select(rows.column_names[::-1])
    answer = predict(folder, rows)["p_inner"].to_pylist()
    assert np.allclose(predict(folder, backwards)["p_inner"].to_pylist()[::-1], answer, atol=1e-6)


def test_typed_columns_and_text_give_the_same(folder: Path) -> None:
    typed = pa.table({"x": [1.25, None], "y": [-2.0, 0.5], "colour": ["red", None], "member": [True, False]})
    text = pa.table({"x": ["1.25", ""], "y": ["-2", "0.5"], "colour": ["red", ""], "member": ["True", "False"]})
    assert predict(folder, typed).equals(predict(folder, text))


def test_missing_values_and_words_never_seen_get_a_prediction(folder: Path) -> None:
    rows = pa.table({n: pa.array([None, "?!"], pa.string()) for n in ("x", "y", "colour", "member")})
    answer = predict(folder, rows)
    total = np.add(answer["p_inner"].to_numpy(), answer["p_outer"].to_numpy())
    assert np.allclose(total, 1, atol=1e-5)
    assert set(answer["prediction"].to_pylist()) <= {"inner", "outer"}


def test_no_rows_give_no_predictions(folder: Path) -> None:
    rows = pa.table({n: pa.array([], pa.string()) for n in ("x", "y", "colour", "member")})
    answer = predict(folder, rows)
    assert (answer.num_rows, answer.column_names) == (0, ["prediction", "p_inner", "p_outer"])


def test_no_class_becomes_a_formula(tmp_path: Path) -> None:
    names = ["=1+1", "@x", "+a", "-b", "-1+1", "-1", "+2.5", "plain"]
    write_csv(pa.table({"prediction": names, "p_=1+1": [0.5] * len(names)}), tmp_path / "p.csv")
    with (tmp_path / "p.csv").open() as file:
        read = [row["prediction"] for row in csv.DictReader(file)]
    assert read == ["'=1+1", "'@x", "'+a", "'-b", "'-1+1", "-1", "+2.5", "plain"]


def test_a_missing_column_is_named(folder: Path) -> None:
    with pytest.raises(JobError, match="colour"):
        predict(folder, pa.table({"x": [1.0], "y": [1.0], "member": [True]}))


def test_a_folder_that_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"has no manifest\.json"):
        predict(tmp_path, pa.table({"x": [1.0]}))


@pytest.mark.parametrize("name", ["model.tflite", "transforms.json"])
def test_a_file_of_another_run_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(JobError, match=f"{name} must be the file"):
        predict(folder, pa.table({"x": [1.0]}))


def test_a_model_that_could_not_be_exported_says_why(folder: Path) -> None:
    listed = json.loads((folder / "manifest.json").read_text())
    del listed["files"]["model.tflite"]
    write_json(folder / "manifest.json", listed)
    write_json(folder / "agreement.json", {"litert": {"error": "it took longer than 300 s"}})
    with pytest.raises(JobError, match="it took longer than 300 s"):
        predict(folder, pa.table({"x": [1.0]}))


def test_it_works_where_tensorflow_keras_and_pandas_are_not_installed(folder: Path, tmp_path: Path) -> None:
    """Arrow imports pandas by itself where it finds it, so nobody may find it here."""
    rows = tmp_path / "rows.csv"
    with rows.open("w", newline="") as file:
        csv.writer(file).writerows([["x", "y", "colour", "member"], [0.1, 0.2, "red", "yes"], ["", 2, "pink", "no"]])
    code = f"""
import sys
from pathlib import Path
HEAVY = ["tensorflow", "keras", "pandas", "torch", "ray", "sklearn", "boto3", "scipy"]
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HEAVY:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import pyarrow.csv
from nas_core.export.predict import predict
answer = predict(Path({str(folder)!r}), pyarrow.csv.read_csv({str(rows)!r}))
print(answer.num_rows, [name for name in HEAVY if name in sys.modules])
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert child.stdout == "2 []\n", child.stderr
