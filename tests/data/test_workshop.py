"""The pieces of a table on a real Ray: the files are those that are written without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from nas_core.data.readers import parquet
from nas_core.data.readers.dialect import Dialect
from nas_core.errors import JobError
from nas_core.job import job_json, parse_job
from nas_core.runs.run import create_run
from nas_core.stage import execute

N = 3_000


def table(seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N).round(3)
    x[rng.random(N) < 0.1] = np.nan
    columns = {"x": x, "n": rng.integers(0, 50, N), "colour": rng.choice(["red", "green", "blue", ""], N)}
    columns["day"] = np.datetime64("2024-01-01") + rng.integers(0, 300, N)
    rows = pa.table(columns | {"y": rng.choice(["yes", "no"], N)})
    return pa.concat_tables([rows, rows.slice(0, 100)])  # some rows are equal


def prepared(folder: Path, name: str, **fields: Any) -> dict[str, str]:
    job = parse_job({"target": "y", "name": name} | fields)
    report = execute("prepare", create_run(str(folder / "runs"), name, job_json(job), "1"))
    return {file: about["sha256"] for file, about in report["files"].items()}


def test_a_parquet_file_is_cut_between_its_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_PER_PIECE", 1_000)
    path = tmp_path / "t.parquet"
    pq.write_table(table(0), path, row_group_size=400)
    reader = parquet.ParquetReader(path, Dialect())
    read = [pa.Table.from_batches(piece.batches()) for piece in reader.pieces()]
    assert [rows.num_rows for rows in read] == [800, 800, 800, 700]
    assert pa.concat_tables(read).drop_columns("x").equals(pq.read_table(path).drop_columns("x"))  # NaN is not NaN


@pytest.mark.slow
def test_on_ray_the_files_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, part in enumerate(("data/region=north", "data/region=south", "data/region=west", "test/region=west")):
        path = tmp_path / part / "t"
        path.parent.mkdir(parents=True)
        if number < 2:
            pq.write_table(table(number), path, row_group_size=1_000)
        else:
            pacsv.write_csv(table(number), path)
    fields = {"dataset_uri": str(tmp_path / "data"), "test_uri": str(tmp_path / "test"), "file_column": "file"}
    monkeypatch.setattr(parquet, "ROWS_PER_PIECE", 1_000)
    here = prepared(tmp_path, "here", **fields)
    assert prepared(tmp_path, "ray", **fields, prepare_on="ray") == here
    monkeypatch.setenv("NAS_MAX_CELL", "9")
    with pytest.raises(JobError, match="in the file 'region=west/t' must have cells of at most 9 bytes"):
        prepared(tmp_path, "limited", **fields, prepare_on="ray")
