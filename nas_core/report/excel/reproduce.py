"""Sheet *Reproduce*: the command, the job, the versions and the hashes."""

from __future__ import annotations

import json
from typing import Any

from openpyxl import Workbook

from nas_core.report import words
from nas_core.report.excel.page import Column, Page, lines_of
from nas_core.report.facts import Facts


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "reproduce", facts.language, [30, 62, 14, 72])
    texts = page.texts
    page.title(page.sheet.title, texts["reproduce_lead"])
    page.heading(texts["command"])
    page.put(facts.command, "code", wide=4)
    page.sheet.row_dimensions[page.row].height = 15.5 * lines_of(facts.command, 150) + 4
    page.row += 2
    page.heading(texts["job"])
    page.pairs(((name, _plain(value)) for name, value in facts.job.items()), style="wrapped")
    page.heading(texts["versions"])
    versions = {name: version for stage in facts.stages for name, version in stage.versions.items()}
    page.pairs(versions.items())
    page.heading(texts["stages"])
    stages = ([stage.name, words.moment(stage.started, facts.language), stage.seconds] for stage in facts.stages)
    columns = [Column(texts["stage"], "strong"), Column(texts["started"]), Column(texts["seconds_of"], "seconds")]
    page.table(columns, stages)
    page.heading(texts["files"])
    files = (
        [f"{s.name}/{path}", words.size(f["bytes"], facts.language), None, f["sha256"]]
        for s in facts.stages
        for path, f in s.files.items()
    )
    page.table([Column(texts["file"], "text"), Column(texts["size"]), Column(""), Column("sha256", "code")], files)


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict | bool) else value
