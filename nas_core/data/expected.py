"""A dataset held against the one of an earlier run: what vanished, came, or changed its type or its categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nas_core.data.checks import Findings, counted
from nas_core.data.scan import ColumnScan
from nas_core.data.types import Column
from nas_core.errors import JobError
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import open_run

SEEN = 5  # rows from which on a category is no slip of the pen


def expectations(address: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """``schema.json`` and ``transforms.json`` of the run at `address`; JobError when its prepare is not done."""
    run = open_run(address)
    for part in (layout.SCHEMA, layout.TRANSFORMS, f"prepare/{layout.DONE}"):
        run.store.pull(part)
        if not run.path(part).is_file():
            raise JobError(f"must be the address of a run whose prepare is done, but {address!r} has no {part}.")
    return read_json(run.path(layout.SCHEMA)), read_json(run.path(layout.TRANSFORMS))


def compare(
    earlier: tuple[dict[str, Any], dict[str, Any]],
    columns: Sequence[Column],
    scans: Mapping[str, ColumnScan],
    findings: Findings,
) -> None:
    """Warn of each column that is not as the earlier run's schema has it."""
    schema, transforms = earlier
    before = {entry["name"]: entry for entry in schema["columns"]}
    now = {column.name: column for column in columns}
    for name, entry in before.items():
        if name not in now and entry["role"] in ("feature", "target", "group"):
            message = f"The column {name!r} ({entry['type']}) of the earlier run is gone."
            findings.warning(name, "schema", message, "The network is made without it.")
    for name, column in now.items():
        if name not in before:
            findings.warning(name, "schema", f"The column {name!r} ({column.type}) is new since the earlier run.")
        elif column.type != before[name]["type"]:
            message = f"{name!r} is {column.type}, but was {before[name]['type']} in the earlier run."
            findings.warning(name, "schema", message, "It is read as it is now; `column_types` says otherwise.")
    for entry in transforms["input"]["columns"]:
        name = entry["name"]
        if entry["type"] == "categorical" and name in now and now[name].type == "categorical":
            _compare_categories(name, entry["categories"], scans[name], findings)


def _compare_categories(name: str, before: list[str], scan: ColumnScan, findings: Findings) -> None:
    words = scan.counts.values
    is_new = pc.invert(pc.is_in(words, pa.array(before, pa.string()))).to_numpy(zero_copy_only=False)
    is_new &= scan.counts.counts >= SEEN
    if is_new.any():
        new = words.filter(pa.array(is_new))
        message = f"{counted(len(new), 'value')} of {name!r} did not occur, or hardly, in the earlier run."
        n_rows = int(scan.counts.counts[is_new].sum())
        action = "They are categories now; the earlier network knows them as unseen."
        findings.warning(name, "schema", message, action, n_rows=n_rows, examples=new.slice(0, 3).to_pylist())
