"""Sheet *Data*: each column's profile, and what the checks found and did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook

from nas_core.report import words
from nas_core.report.excel.page import Column, Page
from nas_core.report.facts import Facts

COLUMNS = (  # text, style, width
    ("column", "strong", 28),
    ("role", "text", 11),
    ("type", "text", 12),
    ("missing", "int", 10),
    ("missing", "percent", 10),
    ("distinct", "int", 10),
    ("smallest", "number", 12),
    ("mean", "number", 12),
    ("median", "number", 12),
    ("largest", "number", 12),
    ("deviation", "number", 12),
    ("tells", "percent", 10),
    ("distribution", "spark", 32),
    ("remarks", "wrapped", 60),
)
BLOCKS = "▁▂▃▄▅▆▇█"


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "data", facts.language)
    rows = ", ".join(page.say(f"rows_for_{split}", n=n) for split, n in facts.data.n_rows.items())
    about = {"n": len(facts.data.columns), "dataset": words.printable(facts.dataset), "rows": rows}
    page.title(page.sheet.title, page.say("data_lead", **about))
    header = page.row
    columns = [Column(page.texts[title], style, width) for title, style, width in COLUMNS]
    first, last = page.table(columns, (_row(column, page.texts, facts) for column in facts.data.columns))
    page.sheet.auto_filter.ref = f"A{header}:N{last}"
    page.sheet.freeze_panes = page.sheet.cell(first, 2)
    page.repeat_header(header)
    _checks(page, facts)


def _row(column: dict[str, Any], texts: Mapping[str, str], facts: Facts) -> list[Any]:
    quantiles = column.get("quantiles") or [None] * 5
    missing, n_rows = column.get("n_missing"), facts.data.n_profiled
    return [
        column["name"],
        texts.get(f"role_{column['role']}", column["role"]),
        texts.get(f"type_{column['type']}", column["type"]),
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


def _found(page: Page, check: Mapping[str, Any]) -> str:
    examples = check.get("examples")
    such = page.say("such_as", examples=", ".join(map(repr, examples))) if examples else ""
    return f"{check.get('message') or ''}{such}"


def _checks(page: Page, facts: Facts) -> None:
    page.heading(page.texts["checks_found"])
    for place, (title, wide) in {
        1: ("column", 1),
        2: ("severity", 1),
        3: ("rule", 3),
        6: ("found", 7),
        13: ("done", 2),
    }.items():
        page.put(page.texts[title], "header", column=place, wide=wide)
    for check in facts.data.checks or ({"column": page.texts["none"]},):
        page.row += 1
        page.put(check.get("column") or page.texts["whole_table"], "text", column=1)
        page.put(page.texts.get(f"severity_{check.get('severity')}"), "text", column=2)
        page.put(check.get("rule"), "text", column=3, wide=3)
        page.put(_found(page, check), "wrapped", column=6, wide=7)
        page.put(check.get("action"), "wrapped", column=13, wide=2)
        longest = max(len(_found(page, check)) / 90, len(str(check.get("action"))) / 90)
        page.sheet.row_dimensions[page.row].height = min(400, 15.5 * (int(longest) + 1))
