"""Prepare a table of 10 million rows and 30 columns; time, memory and the ratio to plain reading.

    python benchmarks/prepare.py [--rows N] [--format parquet|csv] [--folder FOLDER]

The table (15 numbers, 5 whole numbers, 8 categories, a date, a target) is made in a temporary folder. Memory
is the highest anonymous resident memory of the process that prepares, above what it had before; mapped files are not
counted. Plain reading is one pass of pyarrow over the same file, batch by batch, without doing anything with it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import create_run

BLOCK = 250_000
WATCHED = """
import sys, threading, time
from pathlib import Path
from nas_core.runs.run import open_run
from nas_core.stage import execute
import nas_core.stages.prepare

def anonymous_mb():
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) / 1024

def watch():
    while True:
        peak[0] = max(peak[0], anonymous_mb())
        time.sleep(0.02)

peak = [before := anonymous_mb()]
threading.Thread(target=watch, daemon=True).start()
started = time.perf_counter()
execute("prepare", open_run(sys.argv[1]))
print(time.perf_counter() - started, peak[0] - before)
"""


def block(first: int, n_rows: int) -> pa.Table:
    """Rows from number `first` on."""
    rng = np.random.default_rng(first)
    x = rng.normal(size=(15, n_rows)).round(4)
    columns: dict[str, object] = {f"x{i}": x[i] for i in range(15)}
    columns |= {f"n{i}": rng.integers(0, 10 ** (i + 2), n_rows) for i in range(5)}
    for i, size in enumerate((2, 5, 12, 40, 100, 300, 900, 3000)):
        names = np.array([f"value {j:04d}" for j in range(size)])
        columns[f"c{i}"] = pa.array(names[rng.integers(0, size, n_rows)])
    days = (first + np.arange(n_rows)) // 10_000
    columns["day"] = pa.array(np.datetime64("2020-01-01") + days.astype("timedelta64[D]"))
    columns["y"] = np.where(x[0] + x[1] * x[2] + rng.normal(size=n_rows) > 0, "yes", "no")
    return pa.table(columns)


def write(path: Path, form: str, n_rows: int) -> None:
    """The table, block by block."""
    schema = block(0, 1).schema
    make = pq.ParquetWriter if form == "parquet" else pacsv.CSVWriter
    with make(path, schema) as writer:
        for first in range(0, n_rows, BLOCK):
            writer.write_table(block(first, min(BLOCK, n_rows - first)))


def read_plainly(path: Path, form: str) -> float:
    """Seconds of one pass of pyarrow."""
    started = time.perf_counter()
    batches = pq.ParquetFile(path).iter_batches() if form == "parquet" else pacsv.open_csv(path)
    n_rows = sum(batch.num_rows for batch in batches)
    assert n_rows
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--folder", help="where the temporary folder goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nas-prepare-", dir=given.folder) as name:
        path = Path(name) / f"table.{given.format}"
        write(path, given.format, given.rows)
        plain = min(read_plainly(path, given.format) for _ in range(2))
        job = parse_job({"dataset_uri": str(path), "target": "y"})
        run = create_run(name, "job", job_json(job), "1")
        command = [sys.executable, "-c", WATCHED, run.address]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        seconds, mb = map(float, done.stdout.split())
        report = read_json(run.path("prepare") / layout.REPORT)
        figures = {
            "rows": given.rows,
            "format": given.format,
            "file_mb": round(path.stat().st_size / 2**20),
            "plain_seconds": round(plain, 2),
            "prepare_seconds": round(seconds, 2),
            "ratio": round(seconds / plain, 1),
            "anonymous_mb": round(mb),
            "stages": report["metrics"]["seconds"],
        }
        sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
