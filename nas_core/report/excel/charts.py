"""Native charts that look alike: quiet axes, our colours, no decoration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from openpyxl.chart import BarChart, LineChart, Reference, ScatterChart, Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.worksheet.worksheet import Worksheet

from nas_core.report.excel.style import INK

COLOURS = ("0072B2", "D55E00", "009E73", "CC79A7", "E69F00", "56B4E9")


def lines(sheet: Worksheet, title: str, columns: Sequence[int], rows: tuple[int, int], x_column: int) -> LineChart:
    """Lines over the rows `rows` (first and last; the header above the first names them)."""
    chart = LineChart()
    first, last = rows
    for place, column in enumerate(columns):
        series = Series(Reference(sheet, column, first, column, last), title=str(sheet.cell(first - 1, column).value))
        series.graphicalProperties = GraphicalProperties(ln=_line(COLOURS[place % len(COLOURS)]))
        series.smooth = False
        series.marker.symbol = "none" if last - first > 1 else "circle"
        chart.series.append(series)
    chart.set_categories(Reference(sheet, x_column, first, x_column, last))
    chart.x_axis.tickLblSkip = chart.x_axis.tickMarkSkip = max(1, (last - first + 1) // 10)
    chart.y_axis.scaling.min = _floor(sheet, columns, rows)
    _finish(chart, title, x_title=str(sheet.cell(first - 1, x_column).value))
    chart.legend = chart.legend if len(columns) > 1 else None
    return chart


def bars(sheet: Worksheet, title: str, column: int, rows: tuple[int, int], names: int, *, flat: bool) -> BarChart:
    """Bars of one column, named by another; `flat` ones lie, the first on top. Histogram bars touch each other."""
    chart = BarChart()
    chart.type = "bar" if flat else "col"
    chart.gapWidth = 45 if flat else 8
    first, last = rows
    series = Series(Reference(sheet, column, first, column, last), title=None)
    series.graphicalProperties = GraphicalProperties(solidFill=COLOURS[0])
    series.invertIfNegative = False
    chart.series.append(series)
    chart.set_categories(Reference(sheet, names, first, names, last))
    _finish(chart, title)
    chart.legend = None
    chart.x_axis.tickLblPos = "low"
    if flat:
        chart.x_axis.scaling.orientation = "maxMin"
        chart.y_axis.crosses = "max"
    return chart


def points(sheet: Worksheet, title: str, columns: tuple[int, int], rows: tuple[int, int]) -> ScatterChart:
    """Points of a second column over a first."""
    chart = ScatterChart()
    chart.style, chart.scatterStyle = 13, "lineMarker"
    first, last = rows
    x, y = columns
    series = Series(Reference(sheet, y, first, y, last), Reference(sheet, x, first, x, last), title=None)
    series.smooth = False  # LibreOffice takes the first one's word for all
    series.marker.symbol = "circle"
    series.marker.size = 4
    series.marker.graphicalProperties = GraphicalProperties(solidFill=COLOURS[0])
    series.marker.graphicalProperties.line.noFill = True
    series.graphicalProperties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.series.append(series)
    names = (str(sheet.cell(first - 1, column).value) for column in columns)
    _finish(chart, title, *names)
    chart.legend = None
    return chart


def add_line(chart: ScatterChart, sheet: Worksheet, columns: tuple[int, int], rows: tuple[int, int]) -> None:
    """A line through the points of two columns, over those that the chart shows already."""
    x, y = columns
    first, last = rows
    title = str(sheet.cell(first - 1, y).value)
    series = Series(Reference(sheet, y, first, y, last), Reference(sheet, x, first, x, last), title=title)
    series.marker.symbol = "circle"
    series.marker.size = 6
    series.marker.graphicalProperties = GraphicalProperties(solidFill=COLOURS[2])
    series.graphicalProperties = GraphicalProperties(ln=_line(COLOURS[2]))
    series.smooth = False
    chart.series.append(series)


def frame_best(chart: ScatterChart, values: Sequence[float], higher_is_better: bool) -> None:
    """Let the upright axis show all but the worst tenth of `values`, the axis along the ground be logarithmic."""
    ordered = sorted(values, reverse=higher_is_better)
    ends = ordered[0], ordered[len(ordered) * 9 // 10 - (len(ordered) > 9)]
    span = abs(ends[0] - ends[1]) or abs(ends[0]) or 1.0
    step = 10.0 ** math.floor(math.log10(span)) / 2
    low, high = (math.floor(min(ends) / step) - 1) * step, (math.ceil(max(ends) / step) + 1) * step
    chart.y_axis.scaling.min, chart.y_axis.scaling.max, chart.y_axis.majorUnit = low, high, 2 * step
    chart.x_axis.scaling.logBase = 10
    chart.width, chart.height = 24, 9


def _finish(chart: Any, title: str, x_title: str | None = None, y_title: str | None = None) -> Any:
    chart.title = _title(title)
    chart.width, chart.height = 16.5, 8.2
    chart.x_axis.title, chart.y_axis.title = (title and _title(title, 900) for title in (x_title, y_title))
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False
        axis.number_format = "General"
        axis.graphicalProperties = GraphicalProperties(ln=_line("AEB8C2", 0.75))
    chart.x_axis.majorGridlines = None
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=_line("E3E8ED", 0.75))
    if chart.legend:
        chart.legend.position = "b"
    return chart


def _line(colour: str, points: float = 1.75) -> LineProperties:
    return LineProperties(solidFill=colour, w=round(points * 12_700))


def _floor(sheet: Worksheet, columns: Sequence[int], rows: tuple[int, int]) -> float | None:
    """Where the axis begins: at 0 (None) unless that would press the lines into a small part of the chart."""
    values = [sheet.cell(row, column).value for column in columns for row in range(rows[0], rows[1] + 1)]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if not numbers or min(numbers) <= 0 or min(numbers) < 0.4 * max(numbers):
        return None
    step: float = 10.0 ** math.floor(math.log10(max(numbers) - min(numbers) or max(numbers)))
    return math.floor(min(numbers) / step) * step


def _title(text: str, size: int = 1200) -> Title:
    """`size` in hundredths of a point."""
    properties = CharacterProperties(sz=size, b=size > 1000, solidFill=INK)
    paragraph = Paragraph(ParagraphProperties(defRPr=properties), r=[RegularTextRun(properties, text)])
    return Title(Text(rich=RichText(p=[paragraph])), overlay=False)
