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

WEIGHTS = (
    ("How good", 100, "100 for the best score, 0 for the worst of the upper nine tenths"),
    ("How small", 20, "100 for the fewest parameters, 0 for the most, by the logarithm"),
    ("How quick", 0, "100 for the fewest operations a row, 0 for the most, by the logarithm"),
)
N_SHOWN = 20
MAX_ROWS = 1_000  # of candidates to choose from: the best ones and the Pareto front
CELLS = 9  # the column where the cells begin that list and chart are made of


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet; its only formulas are made here, of cell addresses alone."""
    candidates = _chosen(facts.search.candidates)
    if not candidates:
        return
    page = Page(book, "Choose", [13, 72, 14, 14, 14, 12])
    page.title("Choose", "Change the yellow cells: the list below is ranked anew by what matters to you.")
    weights = _weights(page)
    top = page.row
    rows = _cells(page, facts, candidates, weights, top)
    _ranked(page, facts, rows, top)
    _chart(page, facts, rows, candidates, top)
    page.sheet.page_setup.fitToHeight = 1
    page.sheet.print_area = f"A1:F{top + N_SHOWN + 21}"


def _chosen(candidates: Sequence[CandidateFacts]) -> list[CandidateFacts]:
    known = [c for c in candidates if c.score is not None]
    best = sorted(known, key=lambda c: -(c.score or 0.0))[:MAX_ROWS]
    return sorted({c.number: c for c in [*best, *(c for c in known if c.is_on_front)]}.values(), key=lambda c: c.number)


def _weights(page: Page) -> list[str]:
    """The cells that a reader changes; returns their addresses."""
    allowed = DataValidation(type="decimal", operator="between", formula1="0", formula2="1000", showErrorMessage=True)
    allowed.error = "A number from 0 to 1000."
    page.sheet.add_data_validation(allowed)
    addresses = []
    for title, weight, meaning in WEIGHTS:
        page.put(title, "name")
        cell = page.put(weight, "input", column=3)
        page.put(meaning, "subtitle", column=2)
        allowed.add(cell)
        addresses.append(f"${get_column_letter(3)}${page.row}")
        page.row += 1
    page.row += 1
    return addresses


def _cells(
    page: Page, facts: Facts, candidates: Sequence[CandidateFacts], weights: Sequence[str], top: int
) -> tuple[int, int]:
    """The candidates with their marks (0 to 1), what they are worth and their rank, right of what is printed."""
    scores = [c.score or 0.0 for c in candidates]
    marks = (
        _share(scores, low=sorted(scores)[len(scores) // 10]),
        _share([-math.log1p(c.parameters) for c in candidates]),
        _share([-math.log1p(c.flops) for c in candidates]),
    )
    columns = [Column("Number", "int", 10), Column("Network", "text", 30), Column(facts.metric.title, "number", 12)]
    columns += [Column("Parameters", "int", 12), Column("Operations", "int", 12)]
    columns += [Column(title, "percent", 10) for title, *_ in WEIGHTS]
    plain = ([c.number + 1, c.title, c.value, c.parameters, c.flops] for c in candidates)
    rows = [[*cells, *given] for cells, *given in zip(plain, *marks, strict=True)]
    first, last = page.table(columns, rows, column=CELLS)
    worth, rank = (get_column_letter(CELLS + len(columns) + place) for place in range(2))
    page.put("Worth", "header right", row=top, column=CELLS + len(columns))
    page.put("Rank", "header right", row=top, column=CELLS + len(columns) + 1)
    letters = [get_column_letter(CELLS + 5 + place) for place in range(len(WEIGHTS))]
    for row in range(first, last + 1):
        terms = [f"{weight}*{letter}{row}" for weight, letter in zip(weights, letters, strict=True)]
        page.formula(f"{'+'.join(terms)}-ROW()/1000000000", "number", row=row, column=CELLS + len(columns))
        page.formula(
            f"RANK({worth}{row},{worth}${first}:{worth}${last})", "int", row=row, column=CELLS + len(columns) + 1
        )
    page.sheet.column_dimensions[worth].width = page.sheet.column_dimensions[rank].width = 10
    return first, last


def _share(values: Sequence[float], low: float | None = None) -> list[float]:
    """Each value between `low` (None: the least) and the largest as a share."""
    low, high = min(values) if low is None else low, max(values)
    return [max(0.0, (value - low) / (high - low)) if high > low else 1.0 for value in values]


def _ranked(page: Page, facts: Facts, rows: tuple[int, int], top: int) -> None:
    """The first ones by rank, looked up by formulas."""
    first, last = rows
    titles = ("Rank", "Network", facts.metric.title, "Parameters", "Operations", "Number")
    styles = ("int", "text", "number", "int", "int", "int")
    sources = (None, 1, 2, 3, 4, 0)
    rank = get_column_letter(CELLS + 9)
    for column, (title, style) in enumerate(zip(titles, styles, strict=True), 1):
        page.put(title, "header" if style == "text" else "header right", row=top, column=column)
    for place in range(1, min(N_SHOWN, last - first + 1) + 1):
        page.put(place, "int", row=top + place)
        found = f"MATCH($A{top + place},${rank}${first}:${rank}${last},0)"
        for column, (source, style) in enumerate(zip(sources, styles, strict=True), 1):
            if source is not None:
                letter = get_column_letter(CELLS + source)
                cell = page.formula(
                    f"INDEX(${letter}${first}:${letter}${last},{found})", style, row=top + place, column=column
                )
                if style == "number":
                    cell.number_format = page.sheet[f"{letter}{first}"].number_format


def _chart(page: Page, facts: Facts, rows: tuple[int, int], candidates: Sequence[CandidateFacts], top: int) -> None:
    """Every candidate by size and figure, and the Pareto front as a line."""
    page.row = top
    front = sorted((c for c in candidates if c.is_on_front), key=lambda c: c.parameters)
    left = CELLS + 11
    columns = [Column("Parameters", "int", 12), Column("Best of its size", "number", 14)]
    line = page.table(columns, ([c.parameters, c.value] for c in front), column=left)
    chart = charts.points(page.sheet, "Score and size", (CELLS + 3, CELLS + 2), rows)
    charts.add_line(chart, page.sheet, (left, left + 1), line)
    charts.frame_best(chart, [c.value for c in candidates if c.value is not None], facts.metric.higher_is_better)
    page.sheet.add_chart(chart, f"A{top + N_SHOWN + 2}")
