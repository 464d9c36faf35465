"""Sheet *Training*: learning curves and the finalists."""

from __future__ import annotations

from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from nas_core.report import words
from nas_core.report.excel import charts
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts

LOSSES = ("loss", "valid_loss")
TITLES = {
    "epoch": "Epoch",
    "loss": "Loss (training rows)",
    "valid_loss": "Loss (validation rows)",
    "seconds": "Seconds",
}
CHART_ROWS = 18


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet: the epochs on the left, charts of every figure on the right, the finalists above those."""
    page = Page(book, "Training")
    training = facts.training
    best = "" if training.best_epoch is None else f"; the weights are those of epoch {training.best_epoch}"
    page.title("Training", f"The winner was trained for {words.count(len(training.epochs), 'epoch')}{best}.")
    header = page.row
    rows = page.table([_column(name, facts) for name in training.columns], training.epochs)
    page.sheet.freeze_panes = page.sheet.cell(header + 1, 1)
    page.repeat_header(header)
    _charts(page, facts, rows, header)


def _column(name: str, facts: Facts) -> Column:
    if name == "epoch":
        return Column(TITLES[name], "int", 9)
    title = TITLES.get(name) or (facts.metrics[name].title if name in facts.metrics else name.replace("_", " "))
    return Column(title, "seconds" if name == "seconds" else "number", 13)


def _charts(page: Page, facts: Facts, rows: tuple[int, int], top: int) -> None:
    names = facts.training.columns
    place = {name: column for column, name in enumerate(names, 1)}
    losses = [place[name] for name in LOSSES if name in place]
    others = [name for name in names if name not in ("epoch", "seconds", *LOSSES)][:6]
    drawn = [charts.lines(page.sheet, "Loss", losses, rows, place["epoch"])]
    drawn += [
        charts.lines(page.sheet, str(_column(name, facts).title), [place[name]], rows, place["epoch"])
        for name in others
    ]
    left = len(names) + 2
    top = _finalists(page, facts, top, left)
    for number, chart in enumerate(drawn):
        page.sheet.add_chart(chart, f"{get_column_letter(left)}{top + CHART_ROWS * number}")


def _finalists(page: Page, facts: Facts, row: int, left: int) -> int:
    """The networks that were trained in full; returns the row below them."""
    page.row = row
    columns = [Column("Trained in full", "text", 16), Column("Score", "number", 10), Column("± chance", "number", 10)]
    columns += [Column("Parameters", "int", 12), Column("Epochs", "int", 9)]
    columns += [Column("Seconds", "seconds", 10), Column("", "good", 12)]
    rows = ([*_of(each), _mark(each["fingerprint"], facts)] for each in facts.training.finalists)
    page.table(columns, rows, column=left)
    return page.row


def _of(finalist: dict[str, Any]) -> list[Any]:
    names = ("fingerprint", "score", "standard_error", "parameters", "epochs", "seconds")
    return [finalist[name] or (None if name == "standard_error" else 0) for name in names]


def _mark(fingerprint: str, facts: Facts) -> str | None:
    return "winner" if fingerprint == facts.winner.fingerprint else None
