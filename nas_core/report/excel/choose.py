"""Sheet *Choose*: score against size, and a list that is ranked anew by what the reader finds important."""

from __future__ import annotations

import math
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from nas_core.report.candidates import CandidateFacts
from nas_core.report.excel import charts
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts

WEIGHTS = (("weight_good", 100), ("weight_small", 20), ("weight_quick", 0))
N_SHOWN = 20
MAX_POINTS = 2_000  # of the chart: the best ones
CELLS = 9  # the column where the cells begin that list and chart are made of
WORTH = CELLS + 5 + len(WEIGHTS)


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet; its only formulas are made here, of cell addresses alone."""
    known = [c for c in facts.search.candidates if c.score is not None]
    candidates = sorted(known, key=lambda c: (-(c.score or 0.0), c.number))
    if not candidates:
        return
    page = Page(book, "choose", facts.language, [16, 72, 14, 14, 14, 12])
    page.title(page.sheet.title, page.texts["choose_lead"])
    weights = _weights(page)
    top = page.row
    rows = _cells(page, facts, candidates, weights)
    _ranked(page, facts, rows, top)
    _chart(page, facts, rows, candidates, top)
    page.sheet.page_setup.fitToHeight = 1
    page.sheet.print_area = f"A1:F{top + N_SHOWN + 21}"


def _weights(page: Page) -> list[str]:
    """The cells that a reader changes; returns their addresses."""
    allowed = DataValidation(type="decimal", operator="between", formula1="0", formula2="1000", showErrorMessage=True)
    allowed.error = page.texts["weight_error"]
    page.sheet.add_data_validation(allowed)
    addresses = []
    for name, weight in WEIGHTS:
        page.put(page.texts[name], "name")
        cell = page.put(weight, "input", column=3)
        page.put(page.texts[f"{name}_is"], "subtitle", column=2)
        allowed.add(cell)
        addresses.append(f"${get_column_letter(3)}${page.row}")
        page.row += 1
    page.row += 1
    return addresses


def _cells(page: Page, facts: Facts, candidates: Sequence[CandidateFacts], weights: Sequence[str]) -> tuple[int, int]:
    """The candidates with their marks (0 to 1) and what they are worth, right of what is printed."""
    scores = [c.score or 0.0 for c in candidates]
    marks = (
        _share(scores, low=sorted(scores)[len(scores) // 10]),
        _share([-math.log1p(c.parameters) for c in candidates]),
        _share([-math.log1p(c.flops) for c in candidates]),
    )
    texts, top = page.texts, page.row
    columns = [Column(texts["number"], "int", 10), Column(texts["network"], "text", 30)]
    columns += [Column(facts.metric.title, "number", 12), Column(texts["parameters"], "int", 12)]
    columns += [Column(texts["operations"], "int", 12), *(Column(texts[name], "percent", 10) for name, _ in WEIGHTS)]
    plain = ([c.number + 1, c.title, c.value, c.parameters, c.flops] for c in candidates)
    rows = [[*cells, *given] for cells, *given in zip(plain, *marks, strict=True)]
    first, last = page.table(columns, rows, column=CELLS)
    page.put(texts["worthwhile"], "header right", row=top, column=WORTH)
    letters = [get_column_letter(CELLS + 5 + place) for place in range(len(WEIGHTS))]
    for row in range(first, last + 1):
        terms = [f"{weight}*{letter}{row}" for weight, letter in zip(weights, letters, strict=True)]
        page.formula(f"{'+'.join(terms)}-ROW()/1000000000", "number", row=row, column=WORTH)
    page.set_widths([10], first=WORTH)
    return first, last


def _share(values: Sequence[float], low: float | None = None) -> list[float]:
    """Each value between `low` (None: the least) and the largest as a share."""
    low, high = min(values) if low is None else low, max(values)
    return [max(0.0, (value - low) / (high - low)) if high > low else 1.0 for value in values]


def _ranked(page: Page, facts: Facts, rows: tuple[int, int], top: int) -> None:
    """The first ones by what they are worth, looked up by formulas."""
    first, last = rows
    texts = page.texts
    titles = [texts["rank"], texts["network"], facts.metric.title]
    titles += [texts["parameters"], texts["operations"], texts["number"]]
    styles = ("int", "text", "number", "int", "int", "int")
    sources = (None, 1, 2, 3, 4, 0)
    worth = f"${get_column_letter(WORTH)}${first}:${get_column_letter(WORTH)}${last}"
    for column, (title, style) in enumerate(zip(titles, styles, strict=True), 1):
        page.put(title, "header" if style == "text" else "header right", row=top, column=column)
    for place in range(1, min(N_SHOWN, last - first + 1) + 1):
        page.put(place, "int", row=top + place)
        found = f"MATCH(LARGE({worth},$A{top + place}),{worth},0)"
        for column, (source, style) in enumerate(zip(sources, styles, strict=True), 1):
            if source is not None:
                letter = get_column_letter(CELLS + source)
                cell = page.formula(
                    f"INDEX(${letter}${first}:${letter}${last},{found})", style, row=top + place, column=column
                )
                if style == "number":
                    cell.number_format = page.sheet[f"{letter}{first}"].number_format


def _chart(page: Page, facts: Facts, rows: tuple[int, int], candidates: Sequence[CandidateFacts], top: int) -> None:
    """The candidates (of very many the best) by size and figure, and the Pareto front as a line."""
    page.row = top
    front = sorted((c for c in candidates if c.is_on_front), key=lambda c: c.parameters)
    left = WORTH + 3
    columns = [Column(page.texts["parameters"], "int", 12), Column(page.texts["best_of_size"], "number", 14)]
    line = page.table(columns, ([c.parameters, c.value] for c in front), column=left)
    chart = charts.points(
        page.sheet, page.texts["pareto"], (CELLS + 3, CELLS + 2), (rows[0], min(rows[1], rows[0] + MAX_POINTS - 1))
    )
    charts.add_line(chart, page.sheet, (left, left + 1), line)
    charts.frame_best(
        chart, [c.value for c in candidates[:MAX_POINTS] if c.value is not None], facts.metric.higher_is_better
    )
    page.sheet.add_chart(chart, f"A{top + N_SHOWN + 2}")
