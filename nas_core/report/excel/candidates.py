"""Sheet *Candidates*: every network that was tried, the failed ones with the reason."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.utils import get_column_letter

from nas_core.report.candidates import CandidateFacts
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "Candidates")
    search = facts.search
    page.title(
        "Candidates",
        f"{search.n_candidates:,} networks in the order in which they were measured; {search.n_failed:,} failed. "
        "Score: higher is better; figures are on the validation rows.",
    )
    metrics = [name for name in facts.metrics if any(name in c.metrics for c in search.candidates)]
    columns = _columns([facts.metrics[name].title for name in metrics])
    header = page.row
    first, last = page.table(columns, (_row(c, metrics, facts.winner.number) for c in search.candidates))
    sheet = page.sheet
    sheet.freeze_panes = sheet.cell(first, 2)
    sheet.auto_filter.ref = f"A{header}:{get_column_letter(len(columns))}{last}"
    page.repeat_header(header)
    scale = ColorScaleRule(
        start_type="percentile", start_value=10, start_color="FFFFFF", end_type="max", end_color="7FB8DA"
    )
    sheet.conditional_formatting.add(f"C{first}:C{last}", scale)


def _columns(metrics: list[str]) -> list[Column]:
    return [
        Column("Number", "int", 10),
        Column("", "good", 11),
        Column("Score", "number", 10),
        *(Column(title, "number", 12) for title in metrics),
        Column("Network", "text", 62),
        Column("Layers", "int", 9),
        Column("Parameters", "int", 13),
        Column("Epochs", "int", 9),
        Column("Seconds", "seconds", 10),
        Column("Done after (s)", "seconds", 12),
        Column("Round", "int", 9),
        Column("Agent", "text", 10),
        Column("Reward", "number", 10),
        Column("Certainty", "percent", 11),
        Column("Failed because", "bad", 44),
        Column("Fingerprint", "code", 16),
    ]


def _row(candidate: CandidateFacts, metrics: list[str], winner: int | None) -> list[object]:
    mark = "winner" if candidate.number == winner else "best so far" if candidate.is_best else None
    return [
        candidate.number,
        mark,
        candidate.score,
        *(candidate.metrics.get(name) for name in metrics),
        candidate.title,
        len(candidate.architecture),
        candidate.parameters,
        candidate.epochs,
        candidate.seconds,
        candidate.at,
        candidate.round,
        candidate.agent,
        candidate.reward,
        candidate.certainty,
        candidate.error,
        candidate.fingerprint,
    ]
