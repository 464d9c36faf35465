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
SHOWN_CELLS = 12  # of a row, what fits on a page
SHOWN_COLUMNS = 20  # in the chart of importance


def add_sheet(book: Workbook, facts: Facts) -> None:
    """Write the sheet."""
    page = Page(book, "test", facts.language, [30, *[14.0] * 13])
    n_test = facts.data.n_rows.get("test", 0)
    page.title(page.sheet.title, page.say("test_lead", n=n_test))
    _figures(page, facts)
    _verdicts(page, facts)
    if facts.test.confusion:
        _confusion(page, facts.test.confusion, facts)
    if facts.test.residuals:
        _residuals(page, facts.test.residuals, facts)
    if facts.test.calibrated:
        page.paragraph(facts.test.calibrated, wide=10, characters=140)
        page.row += 1
    _thresholds(page, facts)
    _slices(page, facts)
    _mistakes(page, facts)
    _importance(page, facts)
    last = LAST_PRINTED if page.sheet.max_column >= CHART_CELLS else page.sheet.max_column
    if not facts.test.confusion:
        page.sheet.print_area = f"A1:{get_column_letter(last)}{page.row}"


def _figures(page: Page, facts: Facts) -> None:
    test = facts.test
    texts, language = page.texts, facts.language
    shown = {texts["the_network"]: test.figures, texts["on_validation"]: test.valid}
    shown |= {rival_title(name, language): figures for name, figures in test.baselines.items()}
    if test.random:
        n_networks = page.say("n_networks", title=rival_title("random", language), n=test.random["n"])
        shown[n_networks] = test.random["test"] or {}
    names = sorted(test.figures, key=lambda name: name != facts.metric.name)
    page.heading(texts["figures"])
    columns = [Column(texts["figure"], "strong"), *(Column(words.shorten(title, 60), "number") for title in shown)]
    columns.append(Column(texts["good_is"], "text"))
    header = page.row
    page.table(
        columns,
        (
            [_title(page, name, facts), *(fig.get(name) for fig in shown.values()), _good(page, name, facts)]
            for name in names
        ),
    )
    page.sheet.row_dimensions[header].height = 48


def _title(page: Page, name: str, facts: Facts) -> str:
    title = facts.metrics[name].title if name in facts.metrics else name
    return page.say("jobs_metric", title=title) if name == facts.metric.name else title


def _good(page: Page, name: str, facts: Facts) -> str:
    if name not in facts.metrics:
        return ""
    return page.texts["good_high" if facts.metrics[name].higher_is_better else "good_low"]


def _verdicts(page: Page, facts: Facts) -> None:
    for verdict in facts.test.verdicts:
        page.put(verdict.text, OUTCOMES[verdict.outcome], wide=8)
        page.row += 1
    page.row += 1


def _confusion(page: Page, confusion: ConfusionFacts, facts: Facts) -> None:
    page.heading(page.texts["classes"])
    columns = [Column(page.texts["class"], "strong")]
    columns += [Column(title, "percent") for title in (page.texts["precision"], page.texts["recall"], "F1")]
    columns.append(Column(page.texts["test_rows"], "int"))
    page.table(columns, ([c.name, c.precision, c.recall, c.f1, c.n_rows] for c in confusion.per_class))
    page.heading(page.texts["confusion"])
    if confusion.n_left_out:
        page.paragraph(page.say("frequent_classes", n=len(confusion.labels), left=confusion.n_left_out))
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
    page.heading(page.texts["calibration"])
    columns = [Column(page.texts["chosen_probability"], "strong"), Column(page.texts["mean"], "percent")]
    columns += [Column(page.texts["is_right_in"], "percent"), Column(page.texts["test_rows"], "int")]
    top = page.row
    spans = (page.say("from_to", low=f"{b['from']:.0%}", high=f"{b['to']:.0%}") for b in bins)
    rows = ([span, b["confidence"], b["accuracy"], b["count"]] for span, b in zip(spans, bins, strict=True))
    cells = page.table(columns, rows)
    chart = charts.lines(page.sheet, page.texts["chart_calibration"], [2, 3], cells, 1)
    chart.x_axis.tickLblSkip = 1
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 1
    page.sheet.add_chart(chart, f"F{top}")
    page.row = max(page.row, top + CHART_ROWS)


def _thresholds(page: Page, facts: Facts) -> None:
    thresholds = facts.test.thresholds
    if not thresholds:
        return
    page.sheet.row_breaks.append(Break(id=page.row - 1))
    page.heading(page.texts["thresholds"])
    page.paragraph(page.say("say_when", name=words.shorten(words.printable(facts.test.positive), 60)))
    titles = (page.texts["threshold"].capitalize(), page.texts["precision"], page.texts["recall"], "F1")
    columns = [*(Column(title, "percent") for title in titles), Column(page.texts["rows_said"], "int")]
    top = page.row
    cells = page.table(columns, ([t.threshold, t.precision, t.recall, t.f1, t.n_yes] for t in thresholds))
    chart = charts.lines(page.sheet, page.texts["chart_thresholds"], [2, 3, 4], cells, 1)
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 1
    page.sheet.add_chart(chart, f"G{top}")
    page.row = max(page.row, top + CHART_ROWS)


def _mistakes(page: Page, facts: Facts) -> None:
    mistakes = facts.test.mistakes
    if not mistakes or not mistakes.rows:
        return
    page.heading(page.texts["mistakes"])
    page.paragraph(page.texts["mistakes_about"])
    own = [page.texts[f"mistake_{place}"] for place in range(4)]
    titles = [*own, *mistakes.columns[4:SHOWN_CELLS]]
    cells = zip(*(row[:SHOWN_CELLS] for row in mistakes.rows), strict=True)
    styles = ["number" if all(isinstance(value, float) for value in column) else "text" for column in cells]
    columns = [
        Column(words.shorten(words.printable(title), 40), style)
        for title, style in zip(titles, ["int", *styles[1:]], strict=True)
    ]
    page.table(columns, (row[:SHOWN_CELLS] for row in mistakes.rows))


def _slices(page: Page, facts: Facts) -> None:
    slices = facts.test.slices
    if not slices or not slices.n_looked_at:
        return
    metric, texts = facts.metrics[slices.metric].title, page.texts
    page.sheet.row_breaks.append(Break(id=page.row - 1))
    page.heading(texts["slices"])
    lead = page.say("slices_lead" if slices.weak else "slices_none", n=slices.n_looked_at, metric=metric)
    page.paragraph(lead, wide=10, characters=140)
    if not slices.weak:
        page.row += 1
        return
    titles = (metric, texts["interval_low"], texts["interval_high"], texts["elsewhere"], texts["linear_there"])
    columns = [Column(texts["column"], "strong"), Column(texts["slice"], "wrapped", 22), Column(texts["rows"], "int")]
    columns += [Column(title, "number") for title in titles]
    figures = ([s.value, s.low, s.high, s.elsewhere, s.linear] for s in slices.weak)
    rows = ([s.column, s.where, s.n_rows, *own] for s, own in zip(slices.weak, figures, strict=True))
    page.table(columns, rows)


def _residuals(page: Page, residuals: ResidualFacts, facts: Facts) -> None:
    page.heading(page.texts["spread"])
    spread = [(_spread(page, share), value) for share, value in residuals.quantiles.items()]
    page.pairs(spread, style="number")
    _charted(page, residuals, facts)


def _spread(page: Page, share: str) -> str:
    """How a quantile is called."""
    name = f"spread_{share}"
    return (
        page.texts[name]
        if name in page.texts
        else page.say("spread_below", share=words.percent(float(share), page.language))
    )


def _charted(page: Page, residuals: ResidualFacts, facts: Facts) -> None:
    """The two charts, and the cells they draw on, to the right of what is printed."""
    top, right = page.row, CHART_CELLS
    edges = zip(residuals.edges[:-1], residuals.edges[1:], strict=True)
    middles = [words.number(float(f"{(low + high) / 2:.3g}"), facts.language) for low, high in edges]
    bins = page.table(
        [Column(page.texts["error_about"], "text", 14), Column(page.texts["rows"], "int", 10)],
        zip(middles, residuals.counts, strict=True),
        column=right,
    )
    page.row = top
    columns = [Column(page.say("true_value", unit=facts.metric.unit).strip(), "number", 14)]
    columns.append(Column(page.texts["predicted"], "number", 14))
    points = page.table(columns, residuals.points, column=right + 3)
    histogram = charts.bars(page.sheet, page.texts["residuals"], right + 1, bins, right, flat=False)
    page.sheet.add_chart(histogram, f"A{top}")
    scatter = charts.points(page.sheet, page.texts["prediction_truth"], (right + 3, right + 4), points)
    page.sheet.add_chart(scatter, f"F{top}")
    page.row = top + CHART_ROWS


def _importance(page: Page, facts: Facts) -> None:
    importance = facts.test.importance
    if not importance:
        return
    page.sheet.row_breaks.append(Break(id=page.row - 1))
    page.heading(page.texts["importance"])
    page.paragraph(page.texts["importance_lead"])
    columns = [Column(page.texts["column"], "strong"), Column(page.texts["importance_of"], "number")]
    columns.append(Column(page.texts["plus_minus"], "number"))
    top = page.row
    first, last = page.table(columns, ([e["column"], e["importance"], e.get("std")] for e in importance))
    chart = charts.bars(
        page.sheet, page.texts["chart_importance"], 2, (first, min(last, first + SHOWN_COLUMNS - 1)), 1, flat=True
    )
    chart.height = max(6.0, 1.8 + 0.55 * min(len(importance), SHOWN_COLUMNS))
    page.sheet.add_chart(chart, f"E{top}")
    page.row = max(page.row, top + round(chart.height * 2.4))
