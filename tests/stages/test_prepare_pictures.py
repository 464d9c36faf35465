"""What prepare makes of pictures."""

from __future__ import annotations

import shutil
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from nas_core.data.prepared import Prepared
from nas_core.errors import JobError
from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import create_run
from nas_core.stage import execute
from nas_core.tasks.registry import load_task


def test_pictures_that_look_alike_stay_in_one_part(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for kind, number in product("ab", range(30)):
        patches = rng.integers(0, 256, (4, 4, 3), np.uint8)
        whole = Image.fromarray(patches).resize((48, 40))
        folder = tmp_path / "pictures" / kind
        folder.mkdir(exist_ok=True)
        whole.save(folder / f"{number:02d}.png")
        whole.resize((24, 20)).save(folder / f"{number:02d} small.jpg", quality=90)
    fields = {"dataset_uri": str(tmp_path / "pictures"), "target": "label"}
    run = create_run(str(tmp_path / "runs"), "job", job_json(parse_job(fields)), "1")
    execute("prepare", run)
    data = Prepared(run)
    assert data.transforms["input"]["shape"] == [30, 36, 3]
    sizes = [len(data.split(name)) for name in ("train", "valid", "test")]
    assert sum(sizes) == 120
    assert all(size % 2 == 0 and size > 0 for size in sizes)
    for name in ("train", "valid", "test"):
        pictures = data.split(name).inputs["image"].astype(np.int16)
        apart = np.abs(pictures[:, None] - pictures[None]).mean(axis=(2, 3, 4)) + 255 * np.eye(len(pictures))
        assert apart.min(axis=1).max() < 12
    (found,) = [entry for entry in read_json(run.path(layout.CHECKS)) if entry["rule"] == "duplicates"]
    assert found["n_rows"] == 60
    roles = {column["name"]: column["role"] for column in data.schema["columns"]}
    assert roles == {"image": "feature", "file": "about", "label": "target", "height": "about", "width": "about"}


def test_a_class_of_three_pictures_is_learned_from_only(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    fields = {"dataset_uri": str(tmp_path / "pictures"), "target": "label"}
    for kind, n in (("a", 20), ("b", 20), ("c", 3)):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(n):
            Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8)).save(tmp_path / f"pictures/{kind}/{number}.png")
    run = create_run(str(tmp_path / "runs"), "job", job_json(parse_job(fields)), "1")
    execute("prepare", run)
    parts = {name: Prepared(run).split(name).target for name in ("train", "valid", "test")}
    assert {name: int((target == 2).sum()) for name, target in parts.items()} == {"train": 3, "valid": 0, "test": 0}
    (found,) = [entry for entry in read_json(run.path(layout.CHECKS)) if entry["rule"] == "rare classes"]
    assert (found["severity"], "'c' has 3 rows" in found["message"]) == ("warning", True)
    shutil.rmtree(tmp_path / "pictures/b")
    run = create_run(str(tmp_path / "runs"), "job", job_json(parse_job(fields)), "2")
    with pytest.raises(JobError, match="'c' has 3 rows"):
        execute("prepare", run)


def test_a_changed_picture_beside_an_unchanged_table_is_prepared_anew(tmp_path: Path) -> None:
    fields = load_task("image_regression").sample(tmp_path)
    run = create_run(str(tmp_path / "runs"), "job", job_json(parse_job(fields)), "1")
    done = run.path(f"prepare/{layout.DONE}")
    execute("prepare", run)
    first = done.stat().st_mtime_ns
    execute("prepare", run)
    assert done.stat().st_mtime_ns == first
    Image.new("RGB", (20, 20), "red").save(tmp_path / "another.png")  # the table does not name it
    execute("prepare", run)
    assert done.stat().st_mtime_ns == first
    Image.new("RGB", (20, 20), "red").save(tmp_path / "discs/007.png")
    execute("prepare", run)
    assert done.stat().st_mtime_ns != first


def test_pictures_in_a_table_are_prepared_beside_what_it_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cells = []
    for _ in range(60):
        file = BytesIO()
        Image.fromarray(rng.integers(0, 256, (9, 9), np.uint8)).save(file, "PNG")
        cells.append({"bytes": file.getvalue(), "path": None})
    about = {"image": pa.array(cells), "label": [0, 1, 2] * 20, "place": ["here", "there"] * 30}
    pq.write_table(pa.table(about), tmp_path / "train.parquet")
    fields = {"dataset_uri": str(tmp_path / "train.parquet"), "target": "label"}
    run = create_run(str(tmp_path / "runs"), "job", job_json(parse_job(fields)), "1")
    execute("prepare", run)
    data = Prepared(run)
    assert data.schema["task"] == "image_classification" and data.transforms["input"]["shape"] == [9, 9, 1]
    assert sum(data.schema["n_rows"].values()) == 60
    roles = {column["name"]: column["role"] for column in data.schema["columns"]}
    assert roles["place"] == "about" and roles["image"] == "feature"


def test_a_task_that_does_not_fit_the_data_is_refused(tmp_path: Path) -> None:
    fields = load_task("image_classification").sample(tmp_path) | {"task": "tabular_classification"}
    run = create_run(str(tmp_path), "job", job_json(parse_job(fields)), "1")
    with pytest.raises(JobError, match=r"tabular_classification reads columns of the types numeric.*there are image"):
        execute("prepare", run)
