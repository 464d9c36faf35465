"""The stage report: facts, figures, film and workbook from what the other stages left. Needs no Keras."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from nas_core.job import Job, shell_command
from nas_core.report.settings import ReportSettings
from nas_core.runs import layout
from nas_core.runs.run import Run
from nas_core.runs.settings import RunSettings
from nas_core.settings import Settings

log = logging.getLogger("nas")

NEEDS: tuple[str, ...] = ("prepare", "search", "train", "export")
SETTINGS: tuple[type[Settings], ...] = (RunSettings, ReportSettings)


def work(job: Job, run: Run) -> dict[str, Any]:
    """Write ``report/`` and, when the job names a destination, copy the results there.

    Returns the seconds that each part took, and the number of files that were copied.
    """
    from nas_core.report.animation import write_film
    from nas_core.report.diagram import write_diagram
    from nas_core.report.excel.workbook import write_workbook
    from nas_core.report.facts import read_facts
    from nas_core.report.html.page import write_page
    from nas_core.report.pictures import write_sheets
    from nas_core.report.playable import read_playable
    from nas_core.report.words import without_secrets

    seconds: dict[str, float] = {}
    with _timed(seconds, "facts"):
        facts = read_facts(run, shell_command(job, without_secrets))
    with _timed(seconds, "film"):
        pictures = write_film(facts, run.path(layout.FILM), run.path(layout.FILM_GIF), run.path(layout.FIGURES))
        pictures |= write_diagram(facts, run.path(layout.FIGURES))
        sheets = write_sheets(run, facts, run.path(layout.FIGURES))
    with _timed(seconds, "workbook"):
        write_workbook(facts, run.path(layout.WORKBOOK), pictures, read_playable(run), sheets)
    with _timed(seconds, "page"):
        write_page(facts, run.path(layout.PAGE), sheets)
    log.info("report: %s", facts.headline)
    return {"seconds": seconds, "n_copied": _copy(job, run, seconds)}


def _copy(job: Job, run: Run, seconds: dict[str, float]) -> int:
    if not job.destination:
        return 0
    from nas_core.runs.copy import copy_results

    with _timed(seconds, "copy"):
        return len(copy_results(run, job.destination))


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    start = perf_counter()
    yield
    seconds[part] = round(perf_counter() - start, 3)
