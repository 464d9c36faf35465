"""The stage prepare: from an address to checked, split, memory-mapped arrays and the transforms that made them.

Two passes over the stream of batches: the first finds types, profile and target, the second writes arrays.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from nas_core.data import source, split
from nas_core.data.address import last_part, scheme
from nas_core.data.alike import RowHashes, columns_to_hash, count_alike
from nas_core.data.arrays import Encode, Rows, encode_piece, write_arrays
from nas_core.data.association import MOST_ROWS, with_target
from nas_core.data.cells import is_picture
from nas_core.data.checks import Findings, check_names, counted
from nas_core.data.clock import find_clock
from nas_core.data.drift import check_drift
from nas_core.data.expected import Dataset, hold_against, hold_against_latest
from nas_core.data.pictures.album import find_named_album, fingerprint_beside, is_album, may_name_pictures, open_album
from nas_core.data.pictures.embedded import find_embedded_album
from nas_core.data.pictures.reader import MOST_PIXELS, PIXELS_A_MINUTE, PictureReader
from nas_core.data.prepared import SPLITS
from nas_core.data.profile import describe, hide_values
from nas_core.data.quality import check_columns, find_missing_codes, set_leaks_aside
from nas_core.data.readers.files import open_files
from nas_core.data.readers.reader import Reader
from nas_core.data.scan import ScanPlan, TableScan, first_batch, scan_table
from nas_core.data.settings import DataSettings
from nas_core.data.timeline import find_timeline
from nas_core.data.types import IMAGE, Column, decide_columns
from nas_core.data.workshop import HERE, OnRay, Workshop
from nas_core.errors import JobError
from nas_core.evaluation.pool import started_ray
from nas_core.inputs.settings import InputSettings
from nas_core.job import Job
from nas_core.runs import layout
from nas_core.runs.records import write_json
from nas_core.runs.run import Run
from nas_core.targets.settings import TargetSettings
from nas_core.tasks.choice import choose_metric, choose_task
from nas_core.tasks.registry import find_part, load_part
from nas_core.tasks.settings import TaskSettings
from nas_core.tasks.target import Target, TargetReader
from nas_core.tasks.task import Task

log = logging.getLogger("nas")

NEEDS: tuple[str, ...] = ()
SETTINGS = (DataSettings, TaskSettings, InputSettings, TargetSettings, "seed")

FINDINGS_SHOWN = 20
DOWNLOADS = "prepare/downloads"  # gone when the stage ends


def fingerprint(job: Job) -> dict[str, Any]:
    """What changes when the data behind the job's addresses do."""
    findings = Findings()
    prints = {}
    beside = {"image_folder": job.image_folder, "backbones": job.backbones}
    for field, uri in (_addresses(job) | {name: uri for name, uri in beside.items() if uri}).items():
        with findings.collect(field):
            prints[field] = source.fingerprint(uri, job.query if field == "dataset_uri" else None)
    findings.raise_errors()
    return prints | _about_pictures(job)


def _about_pictures(job: Job) -> dict[str, Any]:
    """The same of pictures that a table on this machine names and that lie beside it; what their size depends on."""
    prints: dict[str, Any] = {}
    for field, uri in _addresses(job).items():
        if scheme(uri) != "file":
            continue
        with tempfile.TemporaryDirectory(prefix="nas-print-") as scratch, suppress(JobError):  # prepare will tell
            files = source.fetch(uri, Path(scratch))
            beside = None
            if not job.image_folder and not is_album(files) and may_name_pictures(files[0].path):
                beside = fingerprint_beside(open_files(files, Path(scratch), job.dialect()), uri, Path(scratch))
                prints |= {f"pictures of {field}": beside} if beside else {}
            if not job.image_size and (beside or job.image_folder or is_album(files)):
                prints["budget_minutes"] = job.budget_minutes
    return prints


def work(job: Job, run: Run) -> dict[str, Any]:
    """Write schema, profile, checks, transforms, arrays and the raw test rows.

    Raises:
        JobError: with everything that is wrong with the data; ``checks.json`` then holds it too.
    """
    findings = Findings(show_rows=job.show_rows)
    try:
        with _workshop(job) as workshop:
            return _prepare(job, run, workshop, findings)
    finally:
        write_json(run.path(layout.CHECKS), findings.to_json())
        shutil.rmtree(run.path(DOWNLOADS), ignore_errors=True)


@contextmanager
def _workshop(job: Job) -> Iterator[Workshop]:
    """Where the table is read: here, or on Ray."""
    if job.prepare_on == "machine":
        yield HERE
        return
    with started_ray(job.ray_address):
        yield OnRay()


def _addresses(job: Job) -> dict[str, str]:
    return {"dataset_uri": job.dataset_uri} | ({"test_uri": job.test_uri} if job.test_uri else {})


def _prepare(job: Job, run: Run, workshop: Workshop, findings: Findings) -> dict[str, Any]:
    begun = time.perf_counter()
    tables = _open(job, run, findings)
    opened = time.perf_counter()
    scan, test_scan = _scan(job, tables, workshop, findings)
    columns = decide_columns(scan.columns, job.column_types, _roles(job, scan), findings)
    columns = find_missing_codes(columns, scan.sample, findings, is_used=job.missing_codes)
    check_columns(columns, scan.columns, scan.sample, findings)
    _compare_earlier(job, run, Dataset(job.target, columns, scan.columns), findings)
    profile = [describe(c, scan.columns[c.name], scan.sample[c.name]) for c in columns]
    _write_profile(job, run, scan, profile)
    kinds = {column.type for column in columns if column.role == "feature"}
    task = choose_task(job.task, next(entry for entry in profile if entry["name"] == job.target), kinds)
    _check_types(task, kinds, findings)
    metric = choose_metric(job.metric, task, findings)
    features = [c for c in columns if c.role == "feature"]
    _check_test_columns(features, tables, findings)
    findings.raise_errors()
    clock = find_clock(job, scan, findings)
    findings.raise_errors()
    target = TargetReader(task, job, job, job.seed, findings).read(scan, test_scan, clock)
    association = _associate(profile, columns, scan, target)
    _write_profile(job, run, scan, profile)
    columns = set_leaks_aside(columns, association, findings, is_used=job.leaking_columns == "set aside")
    features = [c for c in columns if c.role == "feature"]
    if test_scan:
        _compare_test(features, scan, test_scan, findings)
    scanned = time.perf_counter()
    transform = _fit(job, task, features, scan, target) | _backbones(job, run, task, findings)
    encode = partial(load_part(task.name, "input", "transform").apply, transform)
    scan = replace(scan, sample=pa.table({}))  # its memory is for the second pass
    _write_arrays(tables["dataset_uri"], scan, target, encode, run, workshop)
    if target.test and test_scan:
        _write_arrays(tables["test_uri"], test_scan, target.test, encode, run, workshop)
    write_json(run.path(layout.TRANSFORMS), {"task": task.name, "input": transform, "target": target.spec})
    schema = _schema(job, task, metric, columns, target)
    schema["dialect"] = {field: table.dialect for field, table in tables.items()}
    write_json(run.path(layout.SCHEMA), schema)
    in_words = load_part(task.name, "target", "checks").describe(target.spec, target.encoded)
    _say(schema, f"{last_part(job.dataset_uri)}: {counted(scan.n_rows, 'row')}", in_words, findings)
    return {
        "rows": scan.n_rows,
        "columns": len(columns),
        "features": len(features),
        "task": task.name,
        "metric": metric,
        "warnings": sum(item.severity == "warning" for item in findings.items),
        "seconds": {
            "fetch": round(opened - begun, 3),
            "scan": round(scanned - opened, 3),
            "write": round(time.perf_counter() - scanned, 3),
        },
    }


def _open(job: Job, run: Run, findings: Findings) -> dict[str, Reader]:
    """Readers by field; JobError with everything that addresses and column names have wrong."""
    tables: dict[str, Reader] = {}
    for field, uri in _addresses(job).items():
        with findings.collect(field):
            tables[field] = _open_one(field, uri, job, run.path(DOWNLOADS) / field, tables.get("dataset_uri"), findings)
            for note in tables[field].notes:
                findings.info(None, "reading", f"`{field}`: {note}")
    if "dataset_uri" in tables:
        wanted = [("target", job.target), ("group_column", job.group_column), ("time_column", job.time_column)]
        wanted += [("exclude_columns", name) for name in job.exclude_columns]
        check_names(findings, tables["dataset_uri"].names, [*wanted, *(("column_types", n) for n in job.column_types)])
    if "test_uri" in tables and job.target not in tables["test_uri"].names:
        names = tables["test_uri"].names
        findings.error(job.target, "test_uri", f"`test_uri` must have the target {job.target!r}, but has {names}.")
    findings.raise_errors()
    return tables


def _open_one(field: str, uri: str, job: Job, scratch: Path, dataset: Reader | None, findings: Findings) -> Reader:
    """The table, or the pictures, at `uri`; those of a test have the shape of the `dataset`."""
    files = source.fetch(uri, scratch, job.query if field == "dataset_uri" else None)
    if is_album(files):
        album = open_album(files, scratch)
    else:
        reader = open_files(files, scratch, job.dialect(), job.file_column)
        named = find_embedded_album(reader, scratch) or find_named_album(reader, uri, job.image_folder, scratch)
        if named is None:
            return reader
        album = named
    asked = dataset.shape if isinstance(dataset, PictureReader) else job.image_size
    most_pixels = MOST_PIXELS if job.deadline else PIXELS_A_MINUTE * job.budget_minutes
    return PictureReader(album, scratch, asked, findings, most_pixels)


def _scan(
    job: Job, tables: dict[str, Reader], workshop: Workshop, findings: Findings
) -> tuple[TableScan, TableScan | None]:
    """The first pass, over both tables."""
    scans: dict[str, TableScan] = {}
    for field, reader in tables.items():
        with findings.collect(field):
            pieces = reader.pieces()
            first = first_batch(pieces)
            found = scan_table(pieces, _plan(job, first, scans.get("dataset_uri")), workshop) if first else None
            if found:
                looks = getattr(reader, "looks", None)
                scans[field] = found if looks is None else replace(found, hashes=RowHashes.of_looks(looks))
            else:
                message = "must have rows, but there are none below the line of column names."
                findings.error(None, field, f"`{field}` {message}", "Check the export that wrote it.")
            n_bad_rows = found.n_bad_rows if found else reader.n_bad_rows
            if n_bad_rows:
                message = f"{counted(n_bad_rows, 'row')} of `{field}` have more or fewer cells than the first line."
                findings.warning(None, "cells", message, "They are left out.")
    findings.raise_errors()
    return scans["dataset_uri"], scans.get("test_uri")


def _plan(job: Job, first: pa.RecordBatch, dataset: TableScan | None) -> ScanPlan:
    """What the scan of a table keeps, by its `first` batch; for a test table by the scan of the `dataset` too."""
    if dataset is not None:
        return ScanPlan((job.target,), dataset.hashes.names)
    compared = columns_to_hash(first.select([name for name in first.schema.names if name not in job.exclude_columns]))
    if job.group_column:
        return ScanPlan((job.target, job.group_column), compared)
    no_dates = [name for name, kind in job.column_types.items() if kind != "date"]
    timeline = None if job.split == "random" else find_timeline(first, job.time_column, [job.target, *no_dates])
    return ScanPlan((job.target,), compared, (timeline.name, timeline.forms) if timeline else None)


def _write_profile(job: Job, run: Run, scan: TableScan, profile: list[dict[str, Any]]) -> None:
    shown = [e if job.show_rows or e["name"] == job.target else hide_values(e) for e in profile]
    write_json(run.path(layout.PROFILE), {"n_rows": scan.n_rows, "columns": shown})


def _associate(
    profile: list[dict[str, Any]], columns: list[Column], scan: TableScan, target: Target
) -> dict[str, float]:
    """Add to the profile what each feature says about the target; the association by name."""
    rows = np.flatnonzero(target.parts[scan.sample_rows] != split.LEFT_OUT)[:MOST_ROWS]
    used = {c.name for c in columns if c.role == "feature" and c.type != IMAGE}
    features = [column.name for column in columns if column.name in used]  # of the others nothing need be copied
    sample, encoded = scan.sample.select(features).take(rows), target.encoded[scan.sample_rows[rows]]
    for entry, column in zip(profile, columns, strict=True):
        if column.name in used:
            entry.update(with_target(column, sample[column.name], encoded))
    return {entry["name"]: entry["association"] for entry in profile if "association" in entry}


def _compare_earlier(job: Job, run: Run, dataset: Dataset, findings: Findings) -> None:
    if job.compare_with == "latest":
        hold_against_latest(run, dataset, findings)
    elif job.compare_with != "none":
        with findings.collect("compare_with"):
            hold_against(job.compare_with, dataset, findings)


def _compare_test(features: list[Column], scan: TableScan, test_scan: TableScan, findings: Findings) -> None:
    """What the test file has in common with the dataset that it should not, and what it should have and has not."""
    check_drift([c for c in features if c.type != IMAGE], scan.sample, test_scan.sample, findings)
    n = count_alike(scan.hashes.all(), test_scan.hashes.all())
    if n:
        message = f"{counted(n, 'row')} of the test file equal rows of the dataset."
        findings.warning(
            None, "duplicates", message, "They are tested on all the same: the figures may be too good.", n_rows=n
        )


def _roles(job: Job, scan: TableScan) -> dict[str, str]:
    """What columns are for; beside pictures nothing else is learned from, it only tells about them."""
    has_pictures = any(is_picture(column.kind) for column in scan.columns.values())
    about = [name for name, column in scan.columns.items() if has_pictures and not is_picture(column.kind)]
    roles = dict.fromkeys(about, "about") | dict.fromkeys(job.exclude_columns, "excluded")
    if job.group_column:
        roles[job.group_column] = "group"
    return roles | {job.target: "target"}


def _check_types(task: Task, kinds: set[str], findings: Findings) -> None:
    """An error when the task, as the job names it, reads nothing of what is there."""
    wanted = load_part(task.name, "input", "transform").TYPES
    if kinds and not kinds & set(wanted):
        message = f"`task` must fit the data, but {task.name} reads columns of the types {', '.join(wanted)}"
        findings.error(None, "task", f"{message}, and there are {', '.join(sorted(kinds))}.", "Set `task` to auto.")


def _check_test_columns(features: list[Column], tables: dict[str, Reader], findings: Findings) -> None:
    if "test_uri" not in tables:
        return
    names = tables["test_uri"].names
    lacking = [c.name for c in features if c.name not in names]
    if lacking:
        message = f"`test_uri` must have the columns of the dataset, but {lacking} are missing; it has {names}."
        findings.error(None, "test_uri", message, "Add them to the test file or to `exclude_columns`.")


def _fit(job: Job, task: Task, features: list[Column], scan: TableScan, target: Target) -> dict[str, Any]:
    """The input's transform, learned from the training rows of the sample."""
    is_training = target.parts[scan.sample_rows] == split.TRAIN
    training = scan.sample.filter(pa.array(is_training))
    part, columns = load_part(task.name, "input", "transform"), [column.to_json() for column in features]
    transform: dict[str, Any] = part.fit(columns, training, job)
    if hasattr(part, "with_changes"):
        encoded = target.encoded[scan.sample_rows[is_training]]
        transform = part.with_changes(transform, job.augmentation, training, encoded)
    return transform


def _backbones(job: Job, run: Run, task: Task, findings: Findings) -> dict[str, Any]:
    """What the transform says of pretrained networks, whose weights are brought into the run; nothing for tables."""
    part, found = find_part(task.name, "input", "backbones"), {}
    if part is None:
        return {}
    with findings.collect("backbones"):
        scratch = run.path(DOWNLOADS) / "backbones"
        found = part.provide(job.backbones, run.path(layout.BACKBONES), scratch, findings)
    findings.raise_errors()
    return {"backbones": found}


def _write_arrays(table: Reader, scan: TableScan, target: Target, encode: Encode, run: Run, workshop: Workshop) -> None:
    """The second pass over a table."""
    rows = Rows(target.parts, target.encoded).pieces(scan.pieces)
    encoded = workshop.flat_map(partial(encode_piece, encode), list(zip(table.pieces(), rows, strict=True)))
    write_arrays(encoded, target.parts, run.path(layout.ARRAYS), run.path(layout.TEST_ROWS))


def _schema(job: Job, task: Task, metric: str, columns: list[Column], target: Target) -> dict[str, Any]:
    return {
        "task": task.name,
        "metric": metric,
        "target": job.target,
        "n_rows": target.n_rows(),
        "split": target.split,
        "columns": [column.to_json() for column in columns],
    }


def _say(schema: dict[str, Any], table: str, target: str, findings: Findings) -> None:
    """What was found, in a few lines for the log."""
    kinds = Counter(column["type"] for column in schema["columns"] if column["role"] == "feature")
    n = schema["n_rows"]
    log.info("%s × %d columns.", table, len(schema["columns"]))
    log.info("Target %s: %s; %s, measured by %s.", schema["target"], target, schema["task"], schema["metric"])
    log.info("Columns used: %s.", ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    log.info("Rows: %s for training, %s for validation, %s for the test.", *(f"{n[name]:,}" for name in SPLITS))
    for item in findings.items[:FINDINGS_SHOWN]:
        log.warning("%s", item)
    if len(findings.items) > FINDINGS_SHOWN:
        log.warning("%d more findings are in %s.", len(findings.items) - FINDINGS_SHOWN, layout.CHECKS)
