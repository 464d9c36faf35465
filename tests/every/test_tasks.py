"""Every task goes through all five stages on its own tiny dataset, with both algorithms."""

from __future__ import annotations

import json
import re
from itertools import cycle, product
from pathlib import Path

import pytest

from nas_core import child
from nas_core.data.folds import count_folds, count_judges, set_aside
from nas_core.data.prepared import Prepared
from nas_core.evaluation.final_plan import MEMBERS
from nas_core.evaluation.ledger import Ledger
from nas_core.export.predict import predict_file
from nas_core.job import parse_job
from nas_core.report.show import summary
from nas_core.runs import layout
from nas_core.runs.records import read_json, read_lines
from nas_core.space.architecture import Architecture
from nas_core.space.build import shape_behind
from nas_core.tasks.registry import TASKS, load_task
from nas_core.training.model import ends

N = 4


ALGORITHMS = ("layerwise", "whole")
# A minute each: the first tasks with both algorithms, further ones with one of them in turn.
RUNS = [*product(list(TASKS)[:2], ALGORITHMS), *zip(list(TASKS)[2:], cycle(ALGORITHMS))]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "algorithm"), RUNS)
def test_a_task_goes_the_whole_way(name, algorithm, tmp_path):
    fields = load_task(name).sample(tmp_path) | {"algorithm": algorithm, "max_candidates": N, "budget_minutes": 10}
    # Of pictures the product says how long, so that the best are trained again, longer.
    fields |= {} if "image" in name else {"candidate_epochs": 8}
    job = parse_job(fields | {"root": str(tmp_path / "runs"), "max_layers": 4, "n_finalists": 1})
    lines: list[str] = []
    run = child.run_stages(job, lines.append)

    told = summary(run)
    assert told["task"] == name
    assert told["n_candidates"] == N
    assert len({line["fingerprint"] for line in read_lines(run.path(layout.CANDIDATES))}) == N
    longer, epochs = list(read_lines(run.path(layout.PROMOTED))), read_json(run.path(layout.RECIPE))["epochs"]
    assert bool(longer) == ("candidate_epochs" not in fields)
    assert all(line["epochs"] <= 4 * epochs for line in longer)  # fewer where that would take too long
    # The sample can be learned: better than a constant answer.
    metric = told["metric"]
    constant = next(figures for baseline, figures in told["baselines"].items() if baseline != "linear")
    assert told["test"][metric] < constant[metric]
    # What was announced by the space is what Keras built.
    architecture = read_json(run.path(layout.ARCHITECTURE))
    entries = {fingerprint(e): e for e in Ledger(run.path(layout.CANDIDATES)).best(N)}
    finalists = {f["fingerprint"]: f for f in read_json(run.path(layout.METRICS))["finalists"]}
    assert finalists[architecture["fingerprint"]]["parameters"] == architecture["parameters"]
    assert {f["candidate"] for f in finalists.values()} <= entries.keys()
    as_they_were = finalists.keys() & entries.keys()
    assert all(finalists[f]["parameters"] == entries[f].evaluation.parameters for f in as_they_were)
    data = Prepared(run)
    # One candidate; where they fit, with members before it and wider, too.
    has_members = shape_behind(Architecture((MEMBERS[8],)), ends(data.transforms).shape) is not None
    assert len({f["candidate"] for f in finalists.values()}) == 1
    assert as_they_were and len(finalists) > has_members
    assert sum(layer["parameters"] for layer in architecture["layers"]) == architecture["parameters"]
    calibrated = json.loads(run.path(layout.FACTS).read_text())["test"]["details"]["calibrated"]
    assert calibrated.items() >= read_json(run.path(layout.CALIBRATION)).items()
    n_folds = count_folds(data, job.folds)  # with several, every row is said of by a network that did not learn from it
    assert calibrated["n_rows"] == (len(set_aside(data)) if n_folds == 1 else count_judges(data, n_folds))
    agreement = json.loads(run.path(layout.AGREEMENT).read_text())
    assert agreement["litert"]["max_difference"] <= 1e-4
    for file in (
        layout.MODEL,
        layout.WORKBOOK,
        layout.PAGE,
        layout.FILM,
        layout.FILM_GIF,
        layout.MANIFEST,
        layout.IMPORTANCE,
    ):
        assert run.path(file).stat().st_size > 0
    # What was exported answers for a file of the kind that it was made from.
    assert predict_file(run.path(layout.EXPORT), Path(fields["dataset_uri"])).num_rows == 400
    # The log says what is going on, with an estimate of what is left, and nothing of TensorFlow's chatter.
    assert any(re.search(r"^1: .*about \d+ more in \d+:\d\d", line) for line in lines)
    assert not any("cudart" in line or "absl" in line for line in lines)

    # A second pass finds everything done.
    lines.clear()
    again = child.run_stages(job, lines.append, run_id=Path(run.address).name)
    assert again.address == run.address
    assert sum("done already" in line for line in lines) == 5


def fingerprint(entry):
    return entry.evaluation.architecture.fingerprint
