"""Sheet *Test*: what the network does on rows that it has never seen."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break

from nas_core.report import words
from nas_core.report.excel import charts
from nas_core.report.excel.page import Column, Page
from nas_core.report.excel.style import OUTCOMES
from nas_core.report.facts import Facts
from nas_core.report.outcome import ConfusionFacts, ResidualFacts, rival_title

CHART_ROWS = 19
LAST_PRINTED = 12  # the cells that charts draw on lie beyond
CHART_CELLS = 17
SPREAD = {
    "0": "lowest",
    "0.05": "5 % are below",
    "0.25": "25 % are below",
    "0.5": "half are below",
    "0.75": "75 % are below",
    "0.95": "95 % are below",
    "1": "highest",
}
SHOWN_CELLS = 12  # of a row, what fits on a page
SHOWN_COLUMNS = 20  # in the chart of importance


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "Test", [30, *[14.0] * 13])
    n_test = facts.data.n_rows.get("test", 0)
    page.title("Test", f"Measured once, on {n_test:,} rows that neither the search nor the training has seen.")
    _figures(page, facts)
    _verdicts(page, facts)
    if facts.test.confusion:
        _confusion(page, facts.test.confusion, facts)
    if facts.test.residuals:
        _residuals(page, facts.test.residuals, facts)
    _thresholds(page, facts)
    _mistakes(page, facts)
    _importance(page, facts)
    last = LAST_PRINTED if page.sheet.max_column >= CHART_CELLS else page.sheet.max_column
    if not facts.test.confusion:
        page.sheet.print_area = f"A1:{get_column_letter(last)}{page.row}"


def _figures(page: Page, facts: Facts) -> None:
    test = facts.test
    shown = {"the network": test.figures, "on validation rows": test.valid}
    shown |= {rival_title(name): figures for name, figures in test.baselines.items()}
    if test.random:
        shown[f"{rival_title('random')} ({test.random['n']:,} networks)"] = test.random["test"]
    names = sorted(test.figures, key=lambda name: name != facts.metric.name)
    page.heading("Figures")
    columns = [Column("Figure", "strong"), *(Column(words.shorten(title, 60), "number") for title in shown)]
    columns.append(Column("Good is", "text"))
    header = page.row
    page.table(
        columns,
        ([_title(name, facts), *(fig.get(name) for fig in shown.values()), _good(name, facts)] for name in names),
    )
    page.sheet.row_dimensions[header].height = 48


def _title(name: str, facts: Facts) -> str:
    title = facts.metrics[name].title if name in facts.metrics else name
    return f"{title} (the job's metric)" if name == facts.metric.name else title


def _good(name: str, facts: Facts) -> str:
    if name not in facts.metrics:
        return ""
    return "high" if facts.metrics[name].higher_is_better else "low"


def _verdicts(page: Page, facts: Facts) -> None:
    for verdict in facts.test.verdicts:
        page.put(verdict.text, OUTCOMES[verdict.outcome], wide=8)
        page.row += 1
    page.row += 1


def _confusion(page: Page, confusion: ConfusionFacts, facts: Facts) -> None:
    page.heading("Classes")
    columns = [Column("Class", "strong")]
    columns += [Column(title, "percent") for title in ("Precision", "Recall", "F1")]
    columns.append(Column("Test rows", "int"))
    page.table(columns, ([c.name, c.precision, c.recall, c.f1, c.n_rows] for c in confusion.per_class))
    page.heading("Truth (rows) against prediction (columns)")
    if confusion.n_left_out:
        page.paragraph(f"The {len(confusion.labels)} most frequent classes; {confusion.n_left_out:,} are left out.")
    header = [
        Column("", "strong"),
        *(Column(words.shorten(words.printable(label), 40), "int") for label in confusion.labels),
    ]
    rows = ([label, *row] for label, row in zip(confusion.labels, confusion.matrix, strict=True))
    first, last = page.table(header, rows)
    _calibration(page, facts)
    scale = ColorScaleRule(start_type="num", start_value=0, start_color="FFFFFF", end_type="max", end_color="7FB8DA")
    end = get_column_letter(len(confusion.labels) + 1)
    page.sheet.conditional_formatting.add(f"B{first}:{end}{last}", scale)


def _calibration(page: Page, facts: Facts) -> None:
    """How often the network is right when it is so sure: a table and its line."""
    bins = facts.test.details.get("calibration")
    if not bins:
        return
    page.heading("When it is so sure, how often is it right?")
    columns = [Column("Probability of the class it chose", "strong"), Column("Mean", "percent")]
    columns += [Column("Is right in", "percent"), Column("Test rows", "int")]
    top = page.row
    rows = ([f"{b['from']:.0%} to {b['to']:.0%}", b["confidence"], b["accuracy"], b["count"]] for b in bins)
    cells = page.table(columns, rows)
    chart = charts.lines(page.sheet, "Sureness and being right", [2, 3], cells, 1)
    chart.x_axis.tickLblSkip = 1
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 1
    page.sheet.add_chart(chart, f"F{top}")
    page.row = max(page.row, top + CHART_ROWS)


def _thresholds(page: Page, facts: Facts) -> None:
    thresholds = facts.test.thresholds
    if not thresholds:
        return
    page.sheet.row_breaks.append(Break(id=page.row - 1))
    page.heading("Where to draw the line")
    page.paragraph(f"Say {words.shorten(words.printable(facts.test.positive), 60)} when its probability is at least:")
    columns = [Column("Threshold", "percent"), Column("Precision", "percent"), Column("Recall", "percent")]
    columns += [Column("F1", "percent"), Column("Rows said so", "int")]
    top = page.row
    cells = page.table(columns, ([t.threshold, t.precision, t.recall, t.f1, t.n_yes] for t in thresholds))
    chart = charts.lines(page.sheet, "Precision, recall and F1 by threshold", [2, 3, 4], cells, 1)
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 1
    page.sheet.add_chart(chart, f"G{top}")
    page.row = max(page.row, top + CHART_ROWS)


def _mistakes(page: Page, facts: Facts) -> None:
    mistakes = facts.test.mistakes
    if not mistakes or not mistakes.rows:
        return
    page.heading("The worst mistakes")
    page.paragraph("Test rows (counted from 0), the worst first, with the columns that the network looks at most.")
    titles = ["Row", "Truth", "Prediction", "How wrong", *mistakes.columns[4:SHOWN_CELLS]]
    columns = [Column(words.shorten(words.printable(title), 40), "text") for title in titles]
    columns[0], columns[3] = Column("Row", "int"), Column("How wrong", "number")
    page.table(columns, (row[:SHOWN_CELLS] for row in mistakes.rows))


def _residuals(page: Page, residuals: ResidualFacts, facts: Facts) -> None:
    page.heading("Prediction less truth")
    spread = [(SPREAD.get(share, f"{share} are below"), value) for share, value in residuals.quantiles.items()]
    page.pairs(spread, style="number")
    _charted(page, residuals, facts)


def _charted(page: Page, residuals: ResidualFacts, facts: Facts) -> None:
    """The two charts, and the cells they draw on, to the right of what is printed."""
    top, right = page.row, CHART_CELLS
    edges = zip(residuals.edges[:-1], residuals.edges[1:], strict=True)
    middles = [words.number(float(f"{(low + high) / 2:.3g}")) for low, high in edges]
    bins = page.table(
        [Column("Error about", "text", 14), Column("Rows", "int", 10)],
        zip(middles, residuals.counts, strict=True),
        column=right,
    )
    page.row = top
    columns = [Column(f"True {facts.metric.unit}".strip(), "number", 14), Column("Predicted", "number", 14)]
    points = page.table(columns, residuals.points, column=right + 3)
    histogram = charts.bars(page.sheet, "How far off the predictions are", right + 1, bins, right, flat=False)
    page.sheet.add_chart(histogram, f"A{top}")
    scatter = charts.points(page.sheet, "Prediction against truth", (right + 3, right + 4), points)
    page.sheet.add_chart(scatter, f"F{top}")
    page.row = top + CHART_ROWS


def _importance(page: Page, facts: Facts) -> None:
    importance = facts.test.importance
    if not importance:
        return
    page.sheet.row_breaks.append(Break(id=page.row - 1))
    page.heading("What the network looks at")
    page.paragraph("Importance: how far the score falls when the column is shuffled among the test rows.")
    columns = [Column("Column", "strong"), Column("Importance", "number"), Column("± deviation", "number")]
    top = page.row
    first, last = page.table(columns, ([e["column"], e["importance"], e.get("std")] for e in importance))
    chart = charts.bars(page.sheet, "Importance", 2, (first, min(last, first + SHOWN_COLUMNS - 1)), 1, flat=True)
    chart.height = max(6.0, 1.8 + 0.55 * min(len(importance), SHOWN_COLUMNS))
    page.sheet.add_chart(chart, f"E{top}")
    page.row = max(page.row, top + round(chart.height * 2.4))
