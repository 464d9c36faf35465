from __future__ import annotations

import csv
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nas_core.data import http
from nas_core.data.prepared import Prepared
from nas_core.errors import JobError
from nas_core.job import job_json, parse_job
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run, create_run
from nas_core.stage import execute
from nas_core.tasks.registry import TASKS, load_part, load_task

Table = dict[str, list[Any]]


def table(n: int = 200) -> Table:
    return {
        "x": [f"{i % 37 / 10}" for i in range(n)],
        "colour": ["red" if i % 3 else "blue" for i in range(n)],
        "who": [f"p{i // 4}" for i in range(n)],
        "y": ["yes" if i % 4 == 0 else "no" for i in range(n)],
    }


def write_csv(path: Path, columns: Table) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return str(path)


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[..., Run]:
    """A run of the job with these fields; `dataset` is written as CSV, the small table when there is none."""

    def create(dataset: Table | None = None, **fields: Any) -> Run:
        given = {"dataset_uri": str(tmp_path / "t.csv"), "target": "y"} | fields
        write_csv(tmp_path / "t.csv", table() if dataset is None else dataset)
        return create_run(str(tmp_path / "runs"), "job", job_json(parse_job(given)), "1")

    return create


@pytest.mark.parametrize("task", TASKS)
def test_the_sample_of_each_task_is_prepared(task: str, tmp_path: Path) -> None:
    run = create_run(str(tmp_path), "job", job_json(parse_job(load_task(task).sample(tmp_path))), "1")
    metrics = execute("prepare", run)["metrics"]
    assert (metrics["rows"], metrics["task"], metrics["metric"]) == (400, task, load_task(task).metrics[0])
    data = Prepared(run)
    assert data.schema["n_rows"] == {"train": 280, "valid": 60, "test": 60}
    assert data.transforms["task"] == data.schema["task"] == task
    assert {len(data.split(name)) for name in ("valid", "test")} == {60}
    for array in data.split("train").inputs.values():
        assert isinstance(array, np.memmap)
        assert np.isfinite(array).all()


def test_the_folder_holds_what_the_contract_says(new_run: Callable[..., Run]) -> None:
    run = new_run()
    report = execute("prepare", run)
    arrays = {f"arrays/{s}_{a}.npy" for s in ("train", "valid", "test") for a in ("numeric", "categorical", "target")}
    others = {"schema.json", "profile.json", "checks.json", "transforms.json", "test_rows.parquet"}
    assert set(report["files"]) == arrays | others
    roles = {c["name"]: c["role"] for c in read_json(run.path(layout.SCHEMA))["columns"]}
    assert roles == {"x": "feature", "colour": "feature", "who": "set aside", "y": "target"}
    assert [c["name"] for c in read_json(run.path(layout.PROFILE))["columns"]] == list(table())


def test_the_raw_test_rows_give_the_test_arrays(new_run: Callable[..., Run]) -> None:
    run = new_run()
    execute("prepare", run)
    data, raw = Prepared(run), pq.read_table(run.path(layout.TEST_ROWS))
    assert raw.column_names == list(table())
    arrays = load_part("tabular_classification", "input", "transform").apply(data.transforms["input"], raw)
    for name, array in data.split("test").inputs.items():
        np.testing.assert_array_equal(arrays[name], array)
    encode = load_part("tabular_classification", "target", "encode")
    np.testing.assert_array_equal(encode.encode(data.transforms["target"], raw["y"]), data.split("test").target)


def test_the_transform_knows_the_training_rows_only(new_run: Callable[..., Run]) -> None:
    columns = table()
    run = new_run(columns)
    execute("prepare", run)
    data = Prepared(run)
    x = data.split("train").inputs["numeric"][:, 0]
    assert data.transforms["input"]["numeric"]["center"][0] == pytest.approx(float(np.median(x)))
    assert np.median(x) != np.median(np.array(columns["x"], float))


def test_parquet_gives_what_csv_gives(new_run: Callable[..., Run], tmp_path: Path) -> None:
    run = new_run()
    execute("prepare", run)
    before = {name: np.array(array) for name, array in Prepared(run).split("train").inputs.items()}
    typed = pa.table(table() | {"x": [float(x) for x in table()["x"]]})
    pq.write_table(typed, tmp_path / "t.parquet")
    other = create_run(
        str(tmp_path), "other", job_json(parse_job({"dataset_uri": str(tmp_path / "t.parquet"), "target": "y"})), "1"
    )
    execute("prepare", other)
    for name, array in Prepared(other).split("train").inputs.items():
        np.testing.assert_array_equal(array, before[name])


def test_a_test_file_is_the_test_part(new_run: Callable[..., Run], tmp_path: Path) -> None:
    rows = {name: values[::-1] for name, values in table(60).items()}
    rows["y"][0] = ""
    rows["y"][1] = "perhaps"
    rows["colour"][2] = "violet"
    shuffled = {name: rows[name] for name in ("y", "colour", "x")}  # another order, a column less
    run = new_run(test_uri=write_csv(tmp_path / "test.csv", shuffled))
    execute("prepare", run)
    data = Prepared(run)
    assert data.schema["n_rows"] == {"train": 170, "valid": 30, "test": 58}
    assert pq.read_table(run.path(layout.TEST_ROWS))["y"].to_pylist() == rows["y"][2:]
    assert data.split("test").inputs["categorical"][0, 0] == 0
    assert "2 rows of the test file" in run.path(layout.CHECKS).read_text()


def test_groups_stay_together(new_run: Callable[..., Run]) -> None:
    run = new_run(group_column="who", exclude_columns=["colour"])
    execute("prepare", run)
    schema = read_json(run.path(layout.SCHEMA))
    assert {c["name"]: c["role"] for c in schema["columns"]}["who"] == "group"
    groups = pq.read_table(run.path(layout.TEST_ROWS))["who"].to_pylist()
    assert len(groups) == 4 * len(set(groups)) == schema["n_rows"]["test"]


def test_rows_without_a_target_are_left_out_with_a_warning(new_run: Callable[..., Run]) -> None:
    columns = table()
    columns["y"][:20] = [""] * 20
    run = new_run(columns)
    execute("prepare", run)
    assert sum(Prepared(run).schema["n_rows"].values()) == 180
    (warning,) = [c for c in read_json(run.path(layout.CHECKS)) if c["column"] == "y"]
    assert warning["severity"] == "warning"
    assert warning["message"].startswith("20 rows of 200 have no value in the target 'y'")


def test_garbage_is_set_aside_with_a_warning_and_the_rest_used(
    new_run: Callable[..., Run], caplog: pytest.LogCaptureFixture
) -> None:
    rng = np.random.default_rng(0)
    garbage = ["".join(map(chr, rng.integers(0x21, 0x2FF, 12))) for _ in range(200)]
    run = new_run(table() | {"garbage": garbage})
    with caplog.at_level(logging.INFO, "nas"):
        execute("prepare", run)
    assert "garbage" not in Prepared(run).transforms["input"]["categorical"]["names"]
    assert "Column 'garbage' is set aside: its values" in caplog.text


def test_the_log_tells_what_was_found(new_run: Callable[..., Run], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "nas"):
        execute("prepare", new_run())
    for words in ("t.csv: 200 rows × 4 columns", "2 classes (no 75.0%, yes 25.0%)", "measured by log_loss"):
        assert words in caplog.text


def test_done_is_not_done_again_unless_what_it_depends_on_changes(new_run: Callable[..., Run], tmp_path: Path) -> None:
    run = new_run()
    started = execute("prepare", run)["started"]
    done = run.path(f"prepare/{layout.DONE}")
    first = done.stat().st_mtime_ns
    assert execute("prepare", run)["started"] == started
    assert done.stat().st_mtime_ns == first
    fields = read_json(run.path(layout.JOB))
    for change, is_anew in (({"budget_minutes": 99.0}, False), ({"seed": 5}, True)):
        run.path(layout.JOB).write_text(json.dumps(fields | change))
        execute("prepare", run)
        assert (done.stat().st_mtime_ns != first) == is_anew
    first = done.stat().st_mtime_ns
    write_csv(tmp_path / "t.csv", table(400))
    execute("prepare", run)
    assert done.stat().st_mtime_ns != first
    assert sum(Prepared(run).schema["n_rows"].values()) == 400


def test_two_runs_of_one_seed_are_equal(new_run: Callable[..., Run]) -> None:
    run = new_run()
    files = execute("prepare", run)["files"]
    assert execute("prepare", run, anew=True)["files"] == files


def bad_inputs() -> Iterator[Any]:
    """A dataset, fields, and words that the one message must have: the rule, the value, the way out."""
    short = {name: values[:3] for name, values in table().items()}
    half = table() | {"y": [""] * 101 + ["a", "b", "c"] * 33}
    rare = table() | {"y": ["a"] * 97 + ["b"] * 98 + ["c"] * 5}
    yield "missing file", {}, {"dataset_uri": "/nowhere/t.csv"}, ["`dataset_uri`", "there is none at '/nowhere/t.csv'"]
    yield "unreachable", {}, {"dataset_uri": "http://127.0.0.1:9/t.csv"}, ["`dataset_uri`", "127.0.0.1:9", "reached"]
    yield "wrong column", {}, {"target": "Y"}, ["`target`", "['x', 'colour', 'who', 'y']", "'Y'", "Did you mean 'y'?"]
    yield "no rows", {name: [] for name in table()}, {}, ["`dataset_uri` must have rows", "none below the line"]
    yield (
        "one class",
        table() | {"y": ["a"] * 200},
        {},
        ["at least two classes", "all 200 rows", "'a'", "Choose another"],
    )
    yield "three rows", short, {}, ["`dataset_uri` must have at least 20 rows", "but has 3", "Add rows"]
    yield "no target", half, {}, ["at least half of the rows", "'y' 101 of 200", "Fill it or choose another"]
    yield "only words", table(), {"task": "tabular_regression"}, ["`target`", "200 of 200", "no number"]
    yield "rare class", rare, {}, ["at least 6 rows", "'c' has 5 rows", "merge them"]
    yield "every row a class", table(), {"target": "who", "task": "tabular_classification"}, ["at least 6 rows", "more"]
    yield "constant", table() | {"y": ["5"] * 200}, {"task": "tabular_regression"}, ["different values", "hold 5"]
    yield "unknown group", {}, {"group_column": "whom"}, ["`group_column`", "'whom'", "Did you mean 'who'?"]
    yield "one group", table() | {"who": ["p"] * 200}, {"group_column": "who"}, ["at least 3 groups", "'who' has 1"]
    yield (
        "nothing to learn from",
        {"who": table()["who"], "y": table()["y"]},
        {},
        ["No column is left", "'who': its values"],
    )
    yield "wrong metric", {}, {"metric": "rmse"}, ["`metric`", "log_loss, accuracy, roc_auc", "'rmse'"]
    yield "wrong class", {}, {"positive_class": "true"}, ["`positive_class`", "['no', 'yes']", "'true'"]
    yield "wrong type", {}, {"column_types": {"colour": "date"}}, ["`column_types` says date for 'colour'", "'red'"]
    yield "unknown key", {}, {"budget": 3}, ["`budget` is not a field", "budget_minutes"]
    yield "no budget", {}, {"budget_minutes": 0}, ["`budget_minutes`", "greater than 0", "got 0"]


@pytest.mark.parametrize(("dataset", "fields", "words"), [pytest.param(*case[1:], id=case[0]) for case in bad_inputs()])
def test_bad_input_gets_one_clear_message_and_leaves_nothing_done(
    new_run: Callable[..., Run],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dataset: Table,
    fields: dict[str, Any],
    words: list[str],
) -> None:
    monkeypatch.setattr(http, "WAITS", ())
    monkeypatch.setenv("NAS_PRIVATE_HOSTS", "127.0.0.1")
    with pytest.raises(JobError) as caught:
        execute("prepare", new_run(dataset or None, **fields))
    (problem,) = caught.value.problems
    assert [word for word in words if word not in problem] == []
    assert not list(tmp_path.rglob(layout.DONE))


def test_an_empty_file_is_said_so(new_run: Callable[..., Run], tmp_path: Path) -> None:
    run = new_run()
    (tmp_path / "t.csv").write_bytes(b"")
    with pytest.raises(JobError, match="`dataset_uri` must hold a table, but the file is empty"):
        execute("prepare", run)


def test_all_problems_are_told_at_once(new_run: Callable[..., Run], tmp_path: Path) -> None:
    test_uri = write_csv(tmp_path / "test.csv", {"x": ["1"]})
    run = new_run(test_uri=test_uri, exclude_columns=["z"], group_column="whom", column_types={"q": "text"})
    with pytest.raises(JobError) as caught:
        execute("prepare", run)
    fields = ["`group_column`", "`exclude_columns`", "`column_types`", "`test_uri`"]
    assert [any(p.startswith(field) for p in caught.value.problems) for field in fields] == [True] * 4
    assert len(caught.value.problems) == 4
    severities = [c["severity"] for c in read_json(run.path(layout.CHECKS))]
    assert severities == ["error"] * 4


def findings_of(run: Run) -> dict[str, dict[str, Any]]:
    execute("prepare", run)
    return {item["rule"]: item for item in read_json(run.path(layout.CHECKS))}


def test_codes_for_nothing_are_missing_in_arrays_profile_and_predictions(new_run: Callable[..., Run]) -> None:
    columns = table() | {"age": [str(-999 if i % 9 == 0 else 20 + i * 7 % 50) for i in range(200)]}
    run = new_run(columns)
    assert findings_of(run)["missing codes"]["n_rows"] == 23
    data = Prepared(run)
    assert "age is missing" in data.transforms["input"]["numeric"]["names"]
    assert data.split("train").inputs["numeric"].min() >= 0
    (profile,) = [c for c in read_json(run.path(layout.PROFILE))["columns"] if c["name"] == "age"]
    assert profile["quantiles"][0] >= 20
    assert "missing codes" in findings_of(new_run(columns, missing_codes=False, name="kept"))


def test_a_column_that_tells_the_target_is_set_aside(new_run: Callable[..., Run]) -> None:
    columns = table() | {"z": [f"{i % 11}" for i in range(200)]}
    columns["answer"] = ["left" if y == "yes" else "stayed" for y in columns["y"]]
    run = new_run(columns)
    assert findings_of(run)["leakage"]["column"] == "answer"
    assert "answer" not in Prepared(run).transforms["input"]["categorical"]["names"]
    associations = {c["name"]: c.get("association") for c in read_json(run.path(layout.PROFILE))["columns"]}
    assert associations["answer"] == 1
    assert associations["z"] < 0.2
    run = new_run(columns, leaking_columns="keep", name="kept")
    execute("prepare", run)
    assert "answer" in Prepared(run).transforms["input"]["categorical"]["names"]


@pytest.mark.parametrize(("way", "n_rows"), [("together", 260), ("drop", 200), ("keep", 260)])
def test_equal_rows(new_run: Callable[..., Run], way: str, n_rows: int) -> None:
    columns: Table = {
        "x": [f"{i * 37 % 1000 / 7:.4f}" for i in range(200)],
        "y": ["yes" if i % 4 == 0 else "no" for i in range(200)],
    }
    doubled = {name: values + values[:60] for name, values in columns.items()}
    run = new_run(doubled, duplicates=way)
    assert findings_of(run)["duplicates"]["n_rows"] == 60
    data = Prepared(run)
    assert sum(data.schema["n_rows"].values()) == n_rows
    rows = {name: {float(x) for x in data.split(name).inputs["numeric"][:, 0]} for name in ("train", "valid", "test")}
    shared = (rows["train"] & rows["test"]) | (rows["train"] & rows["valid"]) | (rows["valid"] & rows["test"])
    assert bool(shared) == (way == "keep")


def test_a_test_file_is_compared_with_the_dataset(new_run: Callable[..., Run], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def drawn(n: int, shift: float) -> Table:
        x = rng.normal(size=n)
        words = {"x": [f"{value + shift:.5f}" for value in x], "z": [f"{value:.5f}" for value in rng.normal(size=n)]}
        return words | {"y": ["yes" if value > 0 else "no" for value in x + rng.normal(size=n)]}

    dataset, test = drawn(1000, 0), drawn(400, 1)
    known = {name: values + dataset[name][:9] for name, values in test.items()}
    run = new_run(dataset, test_uri=write_csv(tmp_path / "test.csv", known))
    found = findings_of(run)
    assert (found["drift"]["column"], found["duplicates"]["n_rows"]) == ("x", 9)


def test_a_dataset_is_held_against_that_of_an_earlier_run(new_run: Callable[..., Run], tmp_path: Path) -> None:
    asked = new_run(table() | {"zone": ["a", "b"] * 100}).read_job()
    earlier = create_run(str(tmp_path), "earlier", json.dumps(asked), "1")
    execute("prepare", earlier)
    columns = table() | {"x": ["low", "high"] * 100, "fresh": [f"{i % 7}" for i in range(200)]}
    columns["colour"] = [colour if i % 10 else "violet" for i, colour in enumerate(columns["colour"])]
    run = new_run(columns, compare_with=earlier.address)
    execute("prepare", run)
    checks = read_json(run.path(layout.CHECKS))
    told = {c["column"]: c["message"] for c in checks if c["rule"] == "schema" and c["severity"] == "warning"}
    assert set(told) == {"zone", "fresh", "x", "colour"}
    assert "is gone" in told["zone"]
    assert "is new" in told["fresh"]
    assert "is categorical, but was numeric" in told["x"]
    assert "1 value of 'colour' did not occur" in told["colour"]
    with pytest.raises(JobError, match="`compare_with` must be the address of a run whose prepare is done"):
        execute("prepare", new_run(compare_with="/nowhere"))


def test_values_of_rows_stay_inside_when_they_must(
    new_run: Callable[..., Run], caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"Secret{i:04d}" for i in range(200)]
    odd = [f"{i % 37}" if i % 40 else f"Secret{i}" for i in range(200)]
    columns = table() | {"name": names, "odd": odd, "constant": ["Secret"] * 200}
    run = new_run(columns, show_rows=False)
    with caplog.at_level(logging.INFO, "nas"):
        execute("prepare", run)
    told = "".join(run.path(part).read_text() for part in (layout.CHECKS, layout.PROFILE, layout.SCHEMA)) + caplog.text
    assert "'odd' are no numbers" in told
    assert "Secret" not in told


def test_many_files_are_one_table(new_run: Callable[..., Run], tmp_path: Path) -> None:
    for region in ("north", "south"):
        folder = tmp_path / "regions" / f"region={region}"
        folder.mkdir(parents=True)
        write_csv(folder / "t.csv", table(100))
    run = new_run(dataset_uri=str(tmp_path / "regions"), file_column="file", duplicates="keep")
    execute("prepare", run)
    columns = {c["name"]: c["type"] for c in Prepared(run).schema["columns"]}
    assert columns["region"] == columns["file"] == "categorical"
    assert sum(Prepared(run).schema["n_rows"].values()) == 200
    assert Prepared(run).schema["dialect"]["dataset_uri"]["delimiter"] == ","


def test_parallel_runs_of_one_dataset_do_not_disturb_each_other(new_run: Callable[..., Run]) -> None:
    first = new_run()
    fields = read_json(first.path(layout.JOB))
    others = [create_run(str(first.folder.parents[1]), f"p{n}", json.dumps(fields), "1") for n in range(3)]
    code = "import sys\nfrom nas_core.runs.run import open_run\nfrom nas_core.stage import execute\n"
    code += 'execute("prepare", open_run(sys.argv[1]))'
    children = [subprocess.Popen([sys.executable, "-c", code, run.address]) for run in others]
    assert [child.wait() for child in children] == [0, 0, 0]
    hashes = [{name: about["sha256"] for name, about in execute("prepare", run)["files"].items()} for run in others]
    assert hashes[0] == hashes[1] == hashes[2]


def test_prepare_loads_no_heavy_package(new_run: Callable[..., Run]) -> None:
    run = new_run()
    code = f"""
import sys
from nas_core.runs.run import open_run
from nas_core.stage import execute
execute("prepare", open_run({run.address!r}))
print([name for name in ("tensorflow", "keras", "ray", "torch", "boto3", "sklearn") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


WATCHED = """
import sys, threading, time
from pathlib import Path
from nas_core.runs.run import open_run
from nas_core.stage import execute
import nas_core.stages.prepare

def anonymous_mb():
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024

def watch():
    while True:
        peak[0] = max(peak[0], anonymous_mb())
        time.sleep(0.02)

peak = [before := anonymous_mb()]
threading.Thread(target=watch, daemon=True).start()
execute("prepare", open_run(sys.argv[1]))
print(peak[0] - before)
"""


@pytest.mark.slow
def test_a_large_table_is_prepared_in_little_memory(tmp_path: Path) -> None:
    """As strings in memory, these 200 MB would take some 300 MB, and their copies as much again."""
    rng = np.random.default_rng(0)
    block = "".join(
        f"{a:.5f},{b:.5f},{c},{'yes' if a + b > 0 else 'no'},{'some words that fill the line ' * 3}{a}\n"
        for a, b, c in zip(
            rng.normal(size=30_000), rng.normal(size=30_000), rng.choice(["r", "g"], 30_000), strict=True
        )
    )
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("a,b,colour,y,text\n")
        for _ in range(200_000_000 // len(block) + 1):
            file.write(block)
    run = create_run(str(tmp_path), "job", job_json(parse_job({"dataset_uri": str(path), "target": "y"})), "1")
    done = subprocess.run([sys.executable, "-c", WATCHED, run.address], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 220
