"""Sheet *Training*: learning curves and the finalists."""

from __future__ import annotations

from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from nas_core.report.excel import charts
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts
from nas_core.report.winner import TrainingFacts

LOSSES = ("loss", "valid_loss")
CHART_ROWS = 18
PAGE_ROWS = 60  # that can still be read on one page


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet: the epochs on the left, charts of every figure on the right, the finalists above those."""
    page = Page(book, "training", facts.language)
    training = facts.training
    best = "" if training.best_epoch is None else page.say("training_best", n=training.best_epoch)
    page.title(page.sheet.title, page.say("training_about", n=_last_epoch(training)) + best)
    header = page.row
    rows = page.table([_column(page, name, facts) for name in training.columns], training.epochs)
    page.sheet.freeze_panes = page.sheet.cell(header + 1, 1)
    page.repeat_header(header)
    _charts(page, facts, rows, header)
    page.sheet.page_setup.fitToHeight = int(len(training.epochs) <= PAGE_ROWS)


def _last_epoch(training: TrainingFacts) -> int:
    """Several epochs may lie between two lines."""
    return int(training.epochs[-1][training.columns.index("epoch")] or 0) if training.epochs else 0


def _column(page: Page, name: str, facts: Facts) -> Column:
    if name == "epoch":
        return Column(page.texts["column_epoch"], "int", 9)
    title = page.texts.get(f"column_{name}") or (
        facts.metrics[name].title if name in facts.metrics else name.replace("_", " ")
    )
    return Column(title, "seconds" if name == "seconds" else "number", 13)


def _charts(page: Page, facts: Facts, rows: tuple[int, int], top: int) -> None:
    names = facts.training.columns
    place = {name: column for column, name in enumerate(names, 1)}
    losses = [place[name] for name in LOSSES if name in place]
    others = [name for name in names if name not in ("epoch", "seconds", *LOSSES)][:6]
    drawn = [charts.lines(page.sheet, page.texts["chart_loss"], losses, rows, place["epoch"])]
    drawn += [
        charts.lines(page.sheet, str(_column(page, name, facts).title), [place[name]], rows, place["epoch"])
        for name in others
    ]
    left = len(names) + 2
    top = _finalists(page, facts, top, left)
    for number, chart in enumerate(drawn):
        page.sheet.add_chart(chart, f"{get_column_letter(left)}{top + CHART_ROWS * number}")


def _finalists(page: Page, facts: Facts, row: int, left: int) -> int:
    """The networks that were trained in full; returns the row below them."""
    page.row = row
    texts, winner = page.texts, facts.winner.fingerprint
    columns = [Column(texts["trained_in_full"], "text", 16), Column(texts["score"], "number", 10)]
    columns += [Column(texts["chance"], "number", 10), Column(texts["parameters"], "int", 12)]
    columns += [Column(texts["epochs"], "int", 9), Column(texts["seconds_of"], "seconds", 10), Column("", "good", 12)]
    marks = (texts["mark_winner"] if each["fingerprint"] == winner else None for each in facts.training.finalists)
    rows = ([*_of(each), mark] for each, mark in zip(facts.training.finalists, marks, strict=True))
    page.table(columns, rows, column=left)
    return page.row


def _of(finalist: dict[str, Any]) -> list[Any]:
    names = ("fingerprint", "score", "standard_error", "parameters", "epochs", "seconds")
    return [finalist[name] or (None if name == "standard_error" else 0) for name in names]
