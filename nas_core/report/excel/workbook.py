"""The workbook: one module a sheet, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook

from nas_core.report.excel import candidates, choose, data, export, network, reproduce, summary, test, training, tryit
from nas_core.report.excel import pictures as picture_sheet
from nas_core.report.excel.style import add_styles
from nas_core.report.facts import Facts
from nas_core.report.pictures import Sheet
from nas_core.report.playable import Playable
from nas_core.report.texts.workbook import workbook_texts


def write_workbook(
    facts: Facts,
    path: Path,
    pictures: Mapping[str, Path],
    playable: Playable | None = None,
    sheets: Sequence[Sheet] = (),
) -> None:
    """Write the workbook to `path`; `pictures` (``search``, ``winner``, ``network``: PNG files) are embedded.

    So are the `sheets` of a run whose rows are pictures.

    Texts that come from data, candidates or people are written as text, whatever they look like.
    """
    book = Workbook()
    book.remove(book.active)
    add_styles(book)
    summary.add_sheet(book, facts, pictures)
    for sheet in (data, candidates, choose):
        sheet.add_sheet(book, facts)
    network.add_sheet(book, facts, pictures)
    for sheet in (training, test):
        sheet.add_sheet(book, facts)
    picture_sheet.add_sheet(book, facts, sheets)
    tryit.add_sheet(book, facts, playable)
    for sheet in (export, reproduce):
        sheet.add_sheet(book, facts)
    book.properties.title = workbook_texts(facts.language)["book_title"].format(name=facts.name)
    book.properties.creator = "nas-core"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    book.save(temporary)
    temporary.replace(path)
