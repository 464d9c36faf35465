"""Sheet *Pictures*: what the network saw, where it looked, and where it was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from openpyxl import Workbook
from openpyxl.drawing.image import Image

from nas_core.report.excel.page import Page
from nas_core.report.facts import Facts
from nas_core.report.pictures import Sheet
from nas_core.report.texts.pictures import picture_texts

POINTS_A_PIXEL = 0.75


def add_sheet(book: Workbook, facts: Facts, sheets: Sequence[Sheet]) -> None:
    """Write the sheet, where there are any pictures."""
    if not sheets:
        return
    texts = picture_texts(facts.language)
    page = Page(book, "pictures", facts.language)
    page.title(texts["pictures"], facts.dataset)
    for sheet in sheets:
        page.heading(texts[f"sheet_{sheet.name}"])
        page.paragraph(texts[f"sheet_{sheet.name}_lead"], wide=10, characters=120)
        image = Image(sheet.path)
        page.sheet.add_image(image, f"A{page.row}")
        page.row += ceil(image.height * POINTS_A_PIXEL / page.ROW_HEIGHT) + 2
