"""Sheet *Candidates*: every network that was tried, the failed ones with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.utils import get_column_letter

from nas_core.report.candidates import CandidateFacts
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "candidates", facts.language)
    search = facts.search
    n_longer = sum(candidate.longer is not None for candidate in search.candidates)
    about = page.say("candidates_about", n=search.n_candidates, failed=search.n_failed)
    page.title(page.sheet.title, f"{about} {page.say('candidates_longer', n=n_longer)}" if n_longer else about)
    metrics = [name for name in facts.metrics if any(name in c.metrics for c in search.candidates)]
    columns = _columns(page.texts, [facts.metrics[name].title for name in metrics])
    columns += _longer_columns(page.texts, facts.metric.title) if n_longer else []
    rows = (
        _row(candidate, metrics, _mark(candidate, facts, page.texts)) + (_longer(candidate) if n_longer else [])
        for candidate in search.candidates
    )
    header = page.row
    first, last = page.table(columns, rows)
    sheet = page.sheet
    sheet.freeze_panes = sheet.cell(first, 2)
    sheet.auto_filter.ref = f"A{header}:{get_column_letter(len(columns))}{last}"
    page.repeat_header(header)
    scale = ColorScaleRule(
        start_type="percentile", start_value=10, start_color="FFFFFF", end_type="max", end_color="7FB8DA"
    )
    sheet.conditional_formatting.add(f"C{first}:C{last}", scale)


def _columns(texts: Mapping[str, str], metrics: list[str]) -> list[Column]:
    return [
        Column(texts["number"], "int", 10),
        Column("", "good", 11),
        Column(texts["score"], "number", 10),
        *(Column(title, "number", 12) for title in metrics),
        Column(texts["network"], "text", 62),
        Column(texts["layers"], "int", 9),
        Column(texts["parameters"], "int", 13),
        Column(texts["epochs"], "int", 9),
        Column(texts["seconds_of"], "seconds", 10),
        Column(texts["done_after"], "seconds", 12),
        Column(texts["round"], "int", 9),
        Column(texts["agent"], "text", 10),
        Column(texts["reward"], "number", 10),
        Column(texts["certainty"], "percent", 14),
        Column(texts["failed_because"], "bad", 44),
        Column(texts["fingerprint"], "code", 16),
    ]


def _longer_columns(texts: Mapping[str, str], metric: str) -> list[Column]:
    return [
        Column(f"{texts['longer']}: {metric}", "number", 24),
        Column(texts["epochs"], "int", 9),
        Column(texts["share_of_rows"], "percent", 14),
        Column(texts["folds"], "int", 9),
        Column(texts["seconds_of"], "seconds", 10),
    ]


def _longer(candidate: CandidateFacts) -> list[object]:
    longer = candidate.longer
    return [longer.value, longer.epochs, longer.share, longer.n_folds, longer.seconds] if longer else [None] * 5


def _mark(candidate: CandidateFacts, facts: Facts, texts: Mapping[str, str]) -> str | None:
    if candidate.number == facts.winner.number:
        return texts["mark_winner"]
    return texts["mark_best"] if candidate.is_best else None


def _row(candidate: CandidateFacts, metrics: list[str], mark: str | None) -> list[object]:
    return [
        candidate.number + 1,
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
