"""Prepare a table of 10 million rows and 30 columns; time, memory and the ratio to plain reading.

    python benchmarks/prepare.py [--rows N] [--format parquet|csv] [--train] [--folder FOLDER]

The table (15 numbers, 5 whole numbers, 8 categories, a date, a target) is made in a temporary folder. Memory
is the highest anonymous resident memory of the process that prepares, above what it had before; mapped files are not
counted. Plain reading is one pass of pyarrow over the same file, batch by batch, without doing anything with it.

With `--train` a network is then trained for an epoch on what was prepared, in a process like a worker of the search:
once with `--rows` and once with a table of a tenth of them, since most of what such a process holds is TensorFlow.
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
from nas_core.runs.run import Run, create_run

BLOCK = 250_000
WATCHED = """
import sys, threading, time
from pathlib import Path
from nas_core.runs.run import open_run
from nas_core.stage import execute
{imports}

def anonymous_mb():
    return int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) / 1024

def watch():
    while True:
        peak[0] = max(peak[0], anonymous_mb())
        time.sleep(0.02)

peak = [before := anonymous_mb()]
threading.Thread(target=watch, daemon=True).start()
started, used = time.perf_counter(), time.process_time()
{work}
print(time.perf_counter() - started, time.process_time() - used, peak[0] - before)
"""
PREPARE = {"imports": "import nas_core.stages.prepare", "work": 'execute("prepare", open_run(sys.argv[1]))'}
TRAIN = {
    "imports": """
from nas_core.data.prepared import Prepared
from nas_core.evaluation.candidate import Recipe, Request
from nas_core.evaluation.worker import Trainer
from nas_core.space.architecture import Architecture
from nas_core.tasks.registry import load_task
import keras, tensorflow
""",
    "work": """
data = Prepared(open_run(sys.argv[1]))
trainer = Trainer(data, Recipe(epochs=1, batch_size=0, learning_rate=0.002, seed=0, inherits=False))
((evaluation,), _) = trainer.train([Request(Architecture(load_task(data.schema["task"]).first), None)])
assert evaluation.score is not None, evaluation.error
""",
}


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


def read_plainly(path: Path, form: str) -> tuple[float, float]:
    """Seconds of one pass of pyarrow, and seconds of processors."""
    started, used = time.perf_counter(), time.process_time()
    batches = pq.ParquetFile(path).iter_batches() if form == "parquet" else pacsv.open_csv(path)
    n_rows = sum(batch.num_rows for batch in batches)
    assert n_rows
    return time.perf_counter() - started, time.process_time() - used


def watched(code: dict[str, str], run: Run) -> tuple[float, float, float]:
    """Seconds, seconds of processors, megabytes of anonymous memory at the highest, of `code` in its own process."""
    script = WATCHED.replace("{imports}", code["imports"]).replace("{work}", code["work"])
    done = subprocess.run([sys.executable, "-c", script, run.address], stdout=subprocess.PIPE, text=True, check=True)
    seconds, cpu_seconds, mb = map(float, done.stdout.split())
    return seconds, cpu_seconds, mb


def measure(folder: Path, form: str, n_rows: int, *, train: bool) -> dict[str, object]:
    """The figures of one table."""
    path = folder / f"table.{form}"
    write(path, form, n_rows)
    plain, plain_cpu = min(read_plainly(path, form) for _ in range(2))
    job = parse_job({"dataset_uri": str(path), "target": "y"})
    run = create_run(str(folder), "job", job_json(job), str(n_rows))
    seconds, cpu_seconds, mb = watched(PREPARE, run)
    report = read_json(run.path("prepare") / layout.REPORT)
    figures = {
        "rows": n_rows,
        "format": form,
        "file_mb": round(path.stat().st_size / 2**20),
        "plain_seconds": round(plain, 2),
        "prepare_seconds": round(seconds, 2),
        "ratio": round(seconds / plain, 1),
        "plain_cpu_seconds": round(plain_cpu, 2),
        "prepare_cpu_seconds": round(cpu_seconds, 2),
        "cpu_ratio": round(cpu_seconds / plain_cpu, 1),
        "anonymous_mb": round(mb),
        "stages": report["metrics"]["seconds"],
    }
    if train:
        seconds, _, mb = watched(TRAIN, run)
        arrays = sum(path.stat().st_size for path in run.path(layout.ARRAYS).iterdir()) / 2**20
        figures |= {"arrays_mb": round(arrays), "train_seconds": round(seconds, 2), "train_anonymous_mb": round(mb)}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--folder", help="where the temporary folder goes")
    parser.add_argument("--train", action="store_true", help="train a network on it, too")
    given = parser.parse_args()
    for n_rows in (given.rows // 10, given.rows) if given.train else (given.rows,):
        with tempfile.TemporaryDirectory(prefix="nas-prepare-", dir=given.folder) as folder:
            figures = measure(Path(folder), given.format, n_rows, train=given.train)
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
