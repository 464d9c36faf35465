"""A dataset held against the one of an earlier run: what vanished, came, or changed its type or its categories."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from nas_core.data.checks import Findings, counted
from nas_core.data.column_scan import ColumnScan
from nas_core.data.types import Column
from nas_core.errors import JobError
from nas_core.runs import layout
from nas_core.runs.records import read_json
from nas_core.runs.run import Run, open_run
from nas_core.runs.siblings import siblings

log = logging.getLogger("nas")

SEEN = 5  # rows from which on a category is no slip of the pen
ALIKE = 0.5  # share of an earlier run's columns that a dataset of the same job has
MOST_TRIED = 10  # earlier runs
DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError)  # what strange documents make a reader raise


class Dataset(NamedTuple):
    """What is known of a dataset after the first pass: its target, its columns, what they hold."""

    target: str
    columns: Sequence[Column]
    scans: Mapping[str, ColumnScan]


def hold_against(address: str, dataset: Dataset, findings: Findings) -> None:
    """Warn of what is not as in the run at `address`; JobError when its prepare is not done or cannot be read."""
    earlier = expectations(address)
    try:
        _hold_against(address, earlier, dataset, findings)
    except DAMAGE as error:
        raise JobError(_damaged(address, error)) from None


def hold_against_latest(run: Run, dataset: Dataset, findings: Findings) -> None:
    """Warn of what is not as in the latest run of the same job: beside `run`, with its target and like columns.

    A run that cannot be read is passed over.
    """
    try:
        addresses = siblings(run, "prepare")[:MOST_TRIED]
    except (JobError, OSError) as error:
        log.info("Earlier runs cannot be looked at: %s", error)
        return
    for address in addresses:
        try:
            earlier = expectations(address, wait=False)
            if _is_alike(earlier[0], dataset):
                _hold_against(address, earlier, dataset, findings)
                return
        except DAMAGE as error:  # JobError among them
            log.info("The earlier run %s cannot be read: %s", address, error)


def _is_alike(schema: dict[str, Any], dataset: Dataset) -> bool:
    names = {entry["name"] for entry in schema["columns"]}
    return bool(schema["target"] == dataset.target and len(names & dataset.scans.keys()) >= ALIKE * len(names))


def _hold_against(
    address: str, earlier: tuple[dict[str, Any], dict[str, Any]], dataset: Dataset, findings: Findings
) -> None:
    found = Findings(show_rows=findings.show_rows)
    compare(earlier, dataset.columns, dataset.scans, found)
    findings.info(None, "schema", f"The columns are held against those of the earlier run {address}.")
    findings.items += found.items


def expectations(address: str, *, wait: bool = True) -> tuple[dict[str, Any], dict[str, Any]]:
    """``schema.json`` and ``transforms.json`` of the run at `address`; JobError when its prepare is not done.

    Without `wait` a store that is away is not waited for.
    """
    run = open_run(address)
    for part in (layout.SCHEMA, layout.TRANSFORMS, f"prepare/{layout.DONE}"):
        run.store.pull(part, wait=wait)
        if not run.path(part).is_file():
            raise JobError(f"must be the address of a run whose prepare is done, but {address!r} has no {part}.")
    try:
        return read_json(run.path(layout.SCHEMA)), read_json(run.path(layout.TRANSFORMS))
    except ValueError as error:
        raise JobError(_damaged(address, error)) from None


def _damaged(address: str, error: Exception) -> str:
    return f"must be the address of a run whose schema can be read, but that of {address!r} is damaged: {error!r}."


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
