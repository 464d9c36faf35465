"""export: the trained model in every format, compared with Keras before it counts, with all that its use needs."""

from __future__ import annotations

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from nas_core.evaluation.final_plan import count_cores
from nas_core.export.card import CARD, model_card
from nas_core.export.convert import converted
from nas_core.export.formats import load_format
from nas_core.export.manifest import manifest
from nas_core.job import Job
from nas_core.runs import layout
from nas_core.runs.records import read_json, write_json, write_text
from nas_core.runs.run import Run
from nas_core.settings import Settings
from nas_core.tasks.registry import load_task

log = logging.getLogger("nas")

NEEDS = ("prepare", "train")
SETTINGS: tuple[type[Settings], ...] = ()  # everything follows from what it needs

COPIED = (layout.MODEL, layout.SCHEMA, layout.TRANSFORMS, layout.CALIBRATION)
WORK = ".work"


def work(job: Job, run: Run) -> dict[str, Any]:
    """Fill ``export/``. A format that fails is left out; the log, ``agreement.json`` and the model card say why."""
    folder = run.path(layout.EXPORT)
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(run.path(name), folder / Path(name).name)
    agreement, seconds = _export_formats(run, folder)
    write_json(run.path(layout.AGREEMENT), agreement)
    write_text(folder / CARD, model_card(run, job.name))
    write_json(run.path(layout.MANIFEST), manifest(run, folder))
    return {"agreement": agreement, "seconds": seconds}


def _export_formats(run: Run, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``agreement.json`` says of each format, and the seconds of its steps; one conversion a core at a time."""
    agreement: dict[str, Any] = {"keras": {"bytes": (folder / Path(layout.MODEL).name).stat().st_size}}
    seconds, names = {}, load_task(read_json(run.path(layout.TRANSFORMS))["task"]).formats
    shutil.rmtree(folder / WORK, ignore_errors=True)  # what a killed predecessor left
    with ThreadPoolExecutor(count_cores(), "export") as threads:
        for name, found in zip(names, threads.map(partial(_export_format, run, folder), names), strict=True):
            agreement["keras"] |= found["keras"]
            agreement[name], seconds[name] = found[name], found["seconds"]
            if "error" in found[name]:
                log.warning("export: there is no %s, because %s.", load_format(name).FILE, found[name]["error"])
            else:
                log.info("export: %s", _in_words(load_format(name).FILE, found[name]))
    shutil.rmtree(folder / WORK, ignore_errors=True)
    return agreement, seconds


def _in_words(file: str, facts: dict[str, Any]) -> str:
    said = f"agrees with Keras on {facts['rows']:,} rows (largest difference {facts['max_difference']:.1g})"
    if "lost" in facts:
        said = f"loses {100 * facts['lost']:.2f} points of accuracy"
    return f"{file} {said}; {facts['bytes'] / 1000:,.0f} KB, {facts['latency_ms']:.3f} ms a row."


def _export_format(run: Run, folder: Path, name: str) -> dict[str, Any]:
    """Convert in a child; the file lies in `folder` then, unless the facts of `name` are an error."""
    scratch, file = folder / WORK / name, load_format(name).FILE
    (folder / file).unlink(missing_ok=True)
    scratch.mkdir(parents=True)
    found = converted(run.folder, name, scratch)
    if "error" not in found[name]:
        (scratch / file).replace(folder / file)
    return found
