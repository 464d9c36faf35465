"""Sheet *Data*: each column's profile, and what the checks found and did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook

from nas_core.report import words
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts

COLUMNS = (
    Column("Column", "strong", 28),
    Column("Role", "text", 11),
    Column("Type", "text", 12),
    Column("Missing", "int", 10),
    Column("Missing", "percent", 10),
    Column("Distinct", "int", 10),
    Column("Smallest", "number", 12),
    Column("Mean", "number", 12),
    Column("Median", "number", 12),
    Column("Largest", "number", 12),
    Column("Deviation", "number", 12),
    Column("Tells target", "percent", 10),
    Column("Distribution", "spark", 32),
    Column("Remarks", "wrapped", 60),
)
BLOCKS = "▁▂▃▄▅▆▇█"


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "Data")
    rows = ", ".join(f"{n:,} for {split}" for split, n in facts.data.n_rows.items())
    page.title("Data", f"{len(facts.data.columns):,} columns of {words.printable(facts.dataset)}; rows: {rows}")
    header = page.row
    first, last = page.table(COLUMNS, (_row(column, facts.data.n_profiled, facts) for column in facts.data.columns))
    page.sheet.auto_filter.ref = f"A{header}:N{last}"
    page.sheet.freeze_panes = page.sheet.cell(first, 2)
    page.repeat_header(header)
    _checks(page, facts)


def _row(column: dict[str, Any], n_rows: int, facts: Facts) -> list[Any]:
    quantiles = column.get("quantiles") or [None] * 5
    missing = column.get("n_missing")
    return [
        column["name"],
        column["role"],
        column["type"],
        missing,
        missing / n_rows if missing is not None and n_rows else None,
        column.get("n_distinct"),
        column.get("min"),
        column.get("mean"),
        quantiles[len(quantiles) // 2],
        column.get("max"),
        column.get("std"),
        column.get("association"),
        distribution(column),
        "\n".join(_remarks(column, facts)),
    ]


def _remarks(column: dict[str, Any], facts: Facts) -> list[str]:
    reason = [str(column["reason"])] if column.get("reason") else []
    found = [check for check in facts.data.checks if check.get("column") == column["name"]]
    return reason + [f"{check['message']} {check.get('action') or ''}".strip() for check in found]


def distribution(column: dict[str, Any]) -> str:
    """A histogram in block characters, or the most frequent values with their counts."""
    counts = (column.get("histogram") or {}).get("counts")
    if counts and max(counts) > 0:
        return "".join(" " if not n else BLOCKS[min(7, int(8 * n / max(counts)))] for n in counts)
    top = column.get("top") or []
    return ", ".join(f"{words.shorten(words.printable(each['value']), 20)} ({each['count']:,})" for each in top[:4])


def _found(check: Mapping[str, Any]) -> str:
    examples = check.get("examples")
    such = f" Such as {', '.join(map(repr, examples))}." if examples else ""
    return f"{check.get('message') or ''}{such}"


def _checks(page: Page, facts: Facts) -> None:
    page.heading("What the checks found")
    for place, (title, wide) in {
        1: ("Column", 1),
        2: ("Severity", 1),
        3: ("Rule", 3),
        6: ("Found", 7),
        13: ("Done", 2),
    }.items():
        page.put(title, "header", column=place, wide=wide)
    for check in facts.data.checks or ({"column": "none"},):
        page.row += 1
        page.put(check.get("column") or "whole table", "text", column=1)
        page.put(check.get("severity"), "text", column=2)
        page.put(check.get("rule"), "text", column=3, wide=3)
        page.put(_found(check), "wrapped", column=6, wide=7)
        page.put(check.get("action"), "wrapped", column=13, wide=2)
        longest = max(len(_found(check)) / 90, len(str(check.get("action"))) / 90)
        page.sheet.row_dimensions[page.row].height = min(400, 15.5 * (int(longest) + 1))
